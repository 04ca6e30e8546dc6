// `outrider version`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Prints what this binary was built from.
void add_version(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
