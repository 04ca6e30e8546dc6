// `outrider emit`; used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// Writes one test event through the outbox and, if told, waits until consumers see it.
void add_emit(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
