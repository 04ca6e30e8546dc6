// The exit codes of the program (see sysexits.h); used by the commands.
#pragma once

#include "relay/base/error.h"

namespace outrider::app {

inline constexpr int kExitOk = 0;
inline constexpr int kExitCutShort = 1;  ///< `run` ended before all was delivered.
inline constexpr int kExitUsage = 64;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitInternal = 70;
inline constexpr int kExitPermission = 77;
inline constexpr int kExitConfiguration = 78;

/// All of them, as the help shows them.
inline constexpr auto kExitCodes =
    "0 ok, 1 ended before all was delivered, 64 usage, 69 unavailable, 70 internal error, "
    "77 permission, 78 configuration";

/// The code with which a command that failed with such an error ends.
constexpr int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Unavailable:
    case ErrorKind::Interrupted:
    case ErrorKind::Fenced:
      return kExitUnavailable;
    case ErrorKind::Denied:
      return kExitPermission;
    case ErrorKind::Refused:
    case ErrorKind::Misconfigured:
    case ErrorKind::BadEvent:
      return kExitConfiguration;
    case ErrorKind::Internal:
      return kExitInternal;
  }
  return kExitInternal;
}

}  // namespace outrider::app
