// What a look at a server finds, before a start or beside one; made by connectors, printed by
// `outrider check --connect`.
#pragma once

#include "relay/base/error.h"

#include <string>
#include <utility>
#include <vector>

namespace outrider {

struct Finding {
  enum class Severity {
    Note,     ///< Good to know.
    Warning,  ///< Works, and may hurt one day.
    Error,    ///< A relay could not start, or would leave events out.
  };
  Severity severity = Severity::Note;
  ErrorKind kind = ErrorKind::Misconfigured;  ///< Of an Error.
  std::string what;                           ///< One sentence, without payloads and secrets.
  std::string remedy = {};  ///< SQL, an ACL, a command or a setting; may be empty.

  static Finding of(Error error) {
    return {Severity::Error, error.kind, std::move(error.what), std::move(error.hint)};
  }
};

using Findings = std::vector<Finding>;

/// A look at one server.
struct Examination {
  std::string subject;  ///< What answered, and as whom: `PostgreSQL 15.18, database "orders", …`.
  Findings findings = {};
  bool is_in_use = false;  ///< By a relay that is active.
};

}  // namespace outrider
