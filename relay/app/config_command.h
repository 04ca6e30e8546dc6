// `outrider config`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// `config reference` prints the reference of the configuration file, `config example` an annotated
/// file with every key. Reads and connects to nothing.
void add_config(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
