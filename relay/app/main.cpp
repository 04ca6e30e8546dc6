#include "relay/app/cli.h"
#include "relay/app/exit_code.h"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  try {
    return outrider::app::run_command_line(argc, argv);
  } catch (const std::exception& exception) {
    // Only a library can have thrown it, and its adapter should have caught it.
    std::fprintf(stderr, "outrider: internal error: %s\n", exception.what());
    return outrider::app::kExitInternal;
  }
}
