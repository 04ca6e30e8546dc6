// What a service answers when it cannot do what it was asked for: RFC 9457 problem documents. Used
// by the sample services.
#pragma once

#include "relay/base/error.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace service {

struct Problem {
  int status = 500;
  std::string title;
  std::string detail;
};

/// A success with a body and a status, or a problem.
struct Reply {
  int status = 200;
  nlohmann::json body;
};
using Answer = std::expected<Reply, Problem>;

inline std::unexpected<Problem> bad_request(std::string detail) {
  return std::unexpected(Problem{400, "The request is not valid", std::move(detail)});
}
inline std::unexpected<Problem> not_found(std::string detail) {
  return std::unexpected(Problem{404, "Not found", std::move(detail)});
}
inline std::unexpected<Problem> conflict(std::string detail) {
  return std::unexpected(Problem{409, "Conflict", std::move(detail)});
}

/// An error of the database as the client should see it: without its text, which is for operators.
inline Problem problem_of(const outrider::Error& error) {
  if (error.kind == outrider::ErrorKind::Unavailable ||
      error.kind == outrider::ErrorKind::Interrupted) {
    return {503, "The service is busy or its database is away",
            "It may or may not have been done; ask again with the same id."};
  }
  return {500, "Internal error", "The request could not be carried out."};
}

}  // namespace service
