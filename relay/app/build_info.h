// What this binary was built from; shown by `version`, /version and the metrics.
#pragma once

#include <string_view>

namespace outrider::app {

struct BuildInfo {
  std::string_view version;
  std::string_view compiler;
  std::string_view libpq;       ///< Version of the headers it was built with.
  std::string_view librdkafka;  ///< Likewise.
};

/// Lives for ever.
const BuildInfo& build_info();

}  // namespace outrider::app
