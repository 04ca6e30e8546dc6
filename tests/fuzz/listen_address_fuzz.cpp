// Input: where to listen, as the configuration writes it.
#include "relay/app/listen_address.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string_view text = fuzz::text_of(data, size);
  // The configuration takes no text with one.
  if (fuzz::has_zero_byte(text)) return 0;
  const Result<app::ListenAddress> address = app::parse_listen_address(text);
  if (!address) {
    fuzz::check_error(address.error(), ErrorKind::Misconfigured);
    return 0;
  }
  if (address->host.empty()) return 0;
  const Result<app::ListenAddress> again = app::parse_listen_address(app::to_string(*address));
  OUTRIDER_ASSERT(again && again->host == address->host && again->port == address->port,
                  "an address that is shown can be written");
  return 0;
}
