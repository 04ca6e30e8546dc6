// `outrider tail`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Follows the outbox as it is committed, or a topic as consumers see it, until SIGINT or SIGTERM.
void add_tail(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
