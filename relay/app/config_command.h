// `outrider config`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// `config print` prints what a configuration file amounts to, `config reference` the reference of
/// all files, `config example` an annotated one with every key. Connects to nothing.
void add_config(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
