// The text of config/example.yaml, made a part of the program when it is built; used by the config
// command.
#pragma once

namespace outrider::app {

extern const char* const kExampleText;

}  // namespace outrider::app
