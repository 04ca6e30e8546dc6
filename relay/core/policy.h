// What follows from an error; the only place that knows. Used by the pipeline.
#pragma once

#include "relay/base/error.h"

namespace outrider {

enum class Consequence {
  /// Give up everything in flight and begin again from the last checkpoint, with back-off.
  Rebuild,
  /// Deliver what lies before the event's transaction, then halt; unless BadEventPolicy says
  /// otherwise.
  HaltBefore,
  /// Stop this pipeline until an operator acted and restarted it.
  Halt,
};

inline Consequence policy(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Unavailable:
    case ErrorKind::Interrupted:
    case ErrorKind::Fenced:
    case ErrorKind::Denied:  // Secrets and grants are mended while the relay runs.
      return Consequence::Rebuild;
    case ErrorKind::BadEvent:
      return Consequence::HaltBefore;
    case ErrorKind::Refused:
    case ErrorKind::Misconfigured:
    case ErrorKind::Internal:
      return Consequence::Halt;
  }
  return Consequence::Halt;
}

}  // namespace outrider
