// Input: one CopyData payload of the server.
#include "connectors/postgres/walstream.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/connectors/postgres/pgoutput_writer.h"

#include <string>

namespace outrider::postgres {
namespace {

std::string written(const XLogData& data) {
  return testing::xlog_data(data.start, data.wal_end, data.sent, data.payload);
}

std::string written(const Keepalive& keepalive) {
  return testing::keepalive(keepalive.wal_end, keepalive.sent, keepalive.reply_requested);
}

// The server's clock is all that may not survive: times out of range become the last one.
void check_same_but_clock(std::string_view bytes, std::string_view again) {
  constexpr std::size_t kClockBytes = 8;
  const std::size_t clock = bytes.front() == 'w' ? 17 : 9;
  OUTRIDER_ASSERT(again.size() == bytes.size(), "a message read and written is as long as before");
  OUTRIDER_ASSERT(again.substr(0, clock) == bytes.substr(0, clock), "positions survive");
  const std::string_view rest = bytes.substr(clock + kClockBytes);
  const std::string_view rest_again = again.substr(clock + kClockBytes);
  const bool same =
      bytes.front() == 'w' ? rest_again == rest : (rest_again.front() == 0) == (rest.front() == 0);
  OUTRIDER_ASSERT(same, "payload and reply flag survive");
}

}  // namespace
}  // namespace outrider::postgres

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string_view bytes = fuzz::text_of(data, size);
  const auto message = postgres::decode_copy_data(bytes);
  if (!message) {
    fuzz::check_error(message.error(), ErrorKind::Refused);
    return 0;
  }
  if (const auto* piece = std::get_if<postgres::XLogData>(&*message)) {
    OUTRIDER_ASSERT(fuzz::is_within(piece->payload, bytes), "the payload lies inside the message");
  }
  const std::string again =
      std::visit([](const auto& concrete) { return postgres::written(concrete); }, *message);
  postgres::check_same_but_clock(bytes, again);
  const auto read_again = postgres::decode_copy_data(again);
  OUTRIDER_ASSERT(read_again.has_value(), "what was read and written can be read");
  return 0;
}
