// What a connector or the pipeline has to say to people. They queue notices; relay/app alone turns
// them into log lines.
#pragma once

#include <string>
#include <vector>

namespace outrider {

struct Notice {
  enum class Severity { Debug, Info, Warning, Error };
  Severity severity = Severity::Info;
  std::string what;       ///< One sentence, without payloads and secrets.
  std::string hint = {};  ///< What mends it; may be empty.
};

using Notices = std::vector<Notice>;

}  // namespace outrider
