// `outrider teardown`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Takes a pipeline out of its database and forgets its checkpoint; without --yes it only says what
/// that would lose.
void add_teardown(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
