// What /status says, for people and as an exit code; used by `outrider status`. Pure.
#pragma once

#include "relay/base/error.h"

#include <string>

namespace outrider::app {

struct StatusSummary {
  std::string text;  ///< A few lines per pipeline; ends in a newline.
  std::string json;  ///< The same document, of the wanted pipelines alone; ends in a newline.
  /// kExitOk if every pipeline streams or stands by; kExitConfiguration if one has halted, which
  /// someone must mend; else kExitUnavailable.
  int exit_code = 0;
};

/// Of the body of /status; of all pipelines if `pipeline` is empty. Misconfigured if there is no
/// pipeline of that name, Unavailable if the body is not what a relay says.
Result<StatusSummary> summarize_status(const std::string& body, const std::string& pipeline);

}  // namespace outrider::app
