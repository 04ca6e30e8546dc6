// `outrider check`; used by the command line.
#pragma once

#include <string>

namespace outrider::app {

/// Reads and checks the file and prints every problem, or that there is none. Connects to nothing.
int check_command(const std::string& path);

}  // namespace outrider::app
