// `outrider run`; used by the command line.
#pragma once

#include "relay/app/pipeline_config.h"

namespace outrider::app {

/// Runs every pipeline until SIGTERM or SIGINT, then drains and returns 0. A halted pipeline does
/// not stop the others, nor the process. A second signal, or a drain that takes longer than its
/// time-out, ends the process on the spot with 1. Returns the exit code if it cannot start.
int run_command(const Config& config);

}  // namespace outrider::app
