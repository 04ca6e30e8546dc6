#include "relay/app/build_info.h"

namespace outrider::app {

const BuildInfo& build_info() {
  static constexpr BuildInfo kInfo = {
      .version = OUTRIDER_VERSION,
#ifdef __clang__
      .compiler = __VERSION__,
#else
      .compiler = "GCC " __VERSION__,
#endif
      .libpq = OUTRIDER_LIBPQ_VERSION,
      .librdkafka = OUTRIDER_LIBRDKAFKA_VERSION,
  };
  return kInfo;
}

}  // namespace outrider::app
