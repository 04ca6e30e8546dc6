// The error type and Result<T> that every layer passes up; used by all of Outrider.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace outrider {

/// What an error means for whoever has to act on it. `relay/core/policy.h` is the only place that
/// turns a kind into a consequence.
enum class ErrorKind {
  Unavailable,    ///< A server cannot be reached, or closed the connection: try again later.
  Interrupted,    ///< The stream or the Kafka transaction broke off: rebuild from the checkpoint.
  Fenced,         ///< Another producer took the transactional id, or the transaction timed out.
  BadEvent,       ///< One event that the sink cannot take, now or later.
  Refused,        ///< Going on could lose or repeat events in silence: an operator must decide.
  Denied,         ///< A server says that this role may not do that.
  Misconfigured,  ///< The configuration asks for something that cannot be.
  Internal,       ///< A bug in Outrider.
};

/// An operating error. `what` says the act and the object ("create slot \"orders\": permission
/// denied"); `hint` says what mends it (a command, a setting, an SQL statement) and may be empty.
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string what;
  std::string hint = {};

  /// The same error with the act it happened in put before it.
  Error within(std::string_view act) && {
    what = std::string(act) + ": " + what;
    return std::move(*this);
  }
};

template <typename T>
using Result = std::expected<T, Error>;

/// Shorthand for `return failure(kind, what, hint)` in a function that returns a Result.
inline std::unexpected<Error> failure(ErrorKind kind, std::string what, std::string hint = {}) {
  return std::unexpected(Error{kind, std::move(what), std::move(hint)});
}

/// The kind as one lower-case word, for metrics labels and JSON.
std::string_view to_string(ErrorKind kind);

}  // namespace outrider

#define OUTRIDER_CONCAT_(a, b) a##b
#define OUTRIDER_CONCAT(a, b) OUTRIDER_CONCAT_(a, b)
#define OUTRIDER_TRY_CHOOSE_(a, b, name, ...) name
#define OUTRIDER_TRY_VOID_(expression)                             \
  do {                                                             \
    if (auto outrider_result_ = (expression); !outrider_result_) { \
      return std::unexpected(std::move(outrider_result_).error()); \
    }                                                              \
  } while (false)
#define OUTRIDER_TRY_VALUE_(declaration, expression)                                        \
  auto OUTRIDER_CONCAT(outrider_result_, __LINE__) = (expression);                          \
  if (!OUTRIDER_CONCAT(outrider_result_, __LINE__)) {                                       \
    return std::unexpected(std::move(OUTRIDER_CONCAT(outrider_result_, __LINE__)).error()); \
  }                                                                                         \
  declaration = std::move(*OUTRIDER_CONCAT(outrider_result_, __LINE__))

/// `OUTRIDER_TRY(auto row, decode(bytes));` declares `row`, or returns the error of `decode`.
/// `OUTRIDER_TRY(flush());` returns the error of a Result<void>.
#define OUTRIDER_TRY(...)                                                      \
  OUTRIDER_TRY_CHOOSE_(__VA_ARGS__, OUTRIDER_TRY_VALUE_, OUTRIDER_TRY_VOID_, ) \
  (__VA_ARGS__)
