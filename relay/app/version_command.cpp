#include "relay/app/version_command.h"

#include "relay/app/build_info.h"
#include "relay/app/exit_code.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace outrider::app {

int version_command(VersionFormat format) {
  const BuildInfo& info = build_info();
  if (format == VersionFormat::Json) {
    const nlohmann::ordered_json object = {{"version", info.version},
                                           {"compiler", info.compiler},
                                           {"libpq", info.libpq},
                                           {"librdkafka", info.librdkafka}};
    fmt::print("{}\n", object.dump());
  } else {
    fmt::print("outrider {} ({}, libpq {}, librdkafka {})\n", info.version, info.compiler,
               info.libpq, info.librdkafka);
  }
  return kExitOk;
}

}  // namespace outrider::app
