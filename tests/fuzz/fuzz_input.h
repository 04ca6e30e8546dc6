// What every fuzz target needs: its input as text, and the properties that all parsers share.
#pragma once

#include "relay/base/assert.h"
#include "relay/base/error.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace outrider::fuzz {

/// Lives as long as `data`.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// True if `part` is a piece of `whole` itself, not of a copy. An empty part lies anywhere.
inline bool is_within(std::string_view part, std::string_view whole) {
  const std::less_equal<> not_after;
  return part.empty() || (not_after(whole.data(), part.data()) &&
                          not_after(part.data() + part.size(), whole.data() + whole.size()));
}

inline bool has_zero_byte(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

/// An error is for people: it says something, and C strings on its way do not cut it short.
inline void check_error(const Error& error) {
  OUTRIDER_ASSERT(!error.what.empty(), "an error says what is wrong");
  OUTRIDER_ASSERT(!has_zero_byte(error.what), "the text of an error has no zero byte");
  OUTRIDER_ASSERT(!has_zero_byte(error.hint), "the hint of an error has no zero byte");
}

inline void check_error(const Error& error, ErrorKind kind) {
  OUTRIDER_ASSERT(error.kind == kind, "the error has the kind that its reader promises");
  check_error(error);
}

}  // namespace outrider::fuzz
