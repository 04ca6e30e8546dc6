// `outrider checkpoint`: what is stored of a pipeline's progress, and how an operator changes it.
// Used by the command line.
#pragma once

#include "relay/app/command_line.h"

namespace outrider::app {

/// `show` prints checkpoint and slot, and what a start would do with them; it changes nothing and
/// fences nobody. `accept-gap`, `adopt` and `set` move the checkpoint, with --yes: they take the
/// pipeline's lock, and fence every older relay before they write.
void add_checkpoint(CLI::App& app, Chosen& chosen);

}  // namespace outrider::app
