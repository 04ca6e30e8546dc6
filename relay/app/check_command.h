// `outrider check`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Reads and checks the file and prints every problem, or that there is none; connects to nothing
/// unless told.
void add_check(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
