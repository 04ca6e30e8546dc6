// The command line: which command, with which arguments. Used by main.cpp.
#pragma once

namespace outrider::app {

/// Reads the arguments and runs the command they name; returns the exit code (see exit_code.h).
int run_command_line(int argc, const char* const* argv);

}  // namespace outrider::app
