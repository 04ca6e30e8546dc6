// What `outrider check` says of the file and of the servers, for people and for scripts. Pure.
#pragma once

#include "config/report.h"
#include "connectors/finding.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::app {

/// One look of `check --connect`.
struct Checked {
  std::string pipeline;
  std::string_view server;  ///< postgres, kafka, or start: what a relay would do with both.
  Examination seen;
};

/// A few lines; findings are numbered from `first` on. Ends in a newline.
std::string to_text(const Checked& checked, std::size_t first);

/// `2 errors, 1 warning, 0 notes`.
std::string summary(std::span<const Checked> checked);

/// How far a check goes.
enum class CheckDepth { File, Servers };

/// One document; ends in a newline.
std::string to_json(std::span<const config::Report> reports, std::span<const Checked> checked,
                    CheckDepth depth);

/// kExitOk unless there is an error; else of the worst kind: kExitConfiguration for what someone
/// must mend, kExitPermission, kExitUnavailable for what may pass.
int exit_code_of(std::span<const Checked> checked);

}  // namespace outrider::app
