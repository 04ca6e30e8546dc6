// `outrider skip`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Takes a halted pipeline past bad events that the operator names. It runs the pipeline itself for
/// that moment, so everything else is delivered as always, and the checkpoint past the event is
/// what remembers it.
void add_skip(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
