// `outrider run`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Runs every pipeline until SIGTERM or SIGINT, then drains and ends with 0. A halted pipeline does
/// not stop the others, nor the process. A second signal, or a drain that takes longer than its
/// time-out, ends the process on the spot with 1.
void add_run(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
