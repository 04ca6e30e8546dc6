#include "relay/base/error.h"

#include "relay/base/assert.h"

namespace outrider {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Unavailable:
      return "unavailable";
    case ErrorKind::Interrupted:
      return "interrupted";
    case ErrorKind::Fenced:
      return "fenced";
    case ErrorKind::BadEvent:
      return "bad_event";
    case ErrorKind::Refused:
      return "refused";
    case ErrorKind::Denied:
      return "denied";
    case ErrorKind::Misconfigured:
      return "misconfigured";
    case ErrorKind::Internal:
      return "internal";
  }
  OUTRIDER_ASSERT(false, "error kind out of range");
}

}  // namespace outrider
