// `outrider status`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Asks a running relay how its pipelines are; the exit code tells scripts, see StatusSummary.
void add_status(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
