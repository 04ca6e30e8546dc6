// The assertion that stays on in release builds; for what only a bug in Outrider can break, never
// for bytes from a server, a row or a file. Used by all layers.
#pragma once

#include <source_location>

namespace outrider {

/// Prints the broken invariant with its place to stderr and aborts the process.
[[noreturn]] void assertion_failed(const char* condition, const char* message,
                                   std::source_location where);

}  // namespace outrider

#define OUTRIDER_ASSERT(condition, message) \
  ((condition)                              \
       ? static_cast<void>(0)               \
       : ::outrider::assertion_failed(#condition, message, std::source_location::current()))
