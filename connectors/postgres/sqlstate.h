// What an error of the server means for the relay; pure. Used by connection adapters and by the
// source.
#pragma once

#include "relay/base/error.h"

#include <string_view>

namespace outrider::postgres {

// Codes that decide more than the kind of an error (see Postgres, Appendix A, Error Codes).
inline constexpr std::string_view kTooManyConnections = "53300";      ///< Or too many walsenders.
inline constexpr std::string_view kNotInPrerequisiteState = "55000";  ///< Skipped publication, too.
inline constexpr std::string_view kUndefinedFile = "58P01";

/// By the five letters of the error code (see Postgres, Appendix A, Error Codes); empty means that
/// the connection broke without one.
ErrorKind kind_of_sqlstate(std::string_view sqlstate);

/// An error with the server's message in one line; `what` ends with " (SQLSTATE 55006)" unless the
/// code is empty.
Error sql_error(std::string_view message, std::string_view sqlstate);

/// An error from a message of libpq with verbosity "verbose", which alone tells the code of a
/// refused connection: `… failed: FATAL:  28P01: password authentication failed …`.
Error connect_error(std::string_view verbose_message);

/// The code of an error made by the functions above, also within other text before it; empty if it
/// has none. Lives as long as the error.
std::string_view sqlstate_of(const Error& error);

}  // namespace outrider::postgres
