// `outrider setup`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Brings a pipeline's database into shape, or prints the SQL that does.
void add_setup(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
