// `outrider healthcheck`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Asks a running relay whether it lives, for a container's health check: without curl, and silent
/// as long as all is well.
void add_healthcheck(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
