// Input: the position to resume from (see stream_input.h), then CopyData payloads, each with its
// length before it. Whatever a server says, in whatever order, the reader's promises hold.
#include "connectors/postgres/stream_reader.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/stream_input.h"

#include <memory>
#include <optional>
#include <string>

namespace outrider::postgres {
namespace {

/// Reads payload after payload and checks what holds between them.
class Listener {
 public:
  explicit Listener(const fuzz::StreamStart& start)
      : reader_(start.from, start.confirmed_flush), from_(start.from) {}

  /// False after an error: the stream ends there.
  bool hear(std::string_view payload) {
    const Lsn received = reader_.received();
    const bool was_verified = reader_.is_verified();
    const Result<const Event*> event = reader_.read(payload);
    OUTRIDER_ASSERT(reader_.received() >= received, "what was received stays so");
    OUTRIDER_ASSERT(reader_.is_verified() || !was_verified, "what was verified stays so");
    if (!event) {
      const ErrorKind kind = event.error().kind;
      OUTRIDER_ASSERT(kind == ErrorKind::Refused || kind == ErrorKind::Interrupted,
                      "a stream is refused or begun again");
      fuzz::check_error(event.error());
      return false;
    }
    std::visit([&](const auto& what) { check(what, **event, payload); }, (*event)->what);
    check_position(Source::Edge::Before);
    check_position(Source::Edge::After);
    return true;
  }

 private:
  void check(const RowInserted& row, const Event& event, std::string_view) {
    OUTRIDER_ASSERT(row.table != nullptr, "a row has a table");
    OUTRIDER_ASSERT(row.values.size() == row.table->columns.size(), "a value for every column");
    for (const Value& value : row.values) read_ += std::string(value.data).size();
    check_order(event);
  }
  void check(const LogicalMessage& message, const Event&, std::string_view payload) {
    OUTRIDER_ASSERT(fuzz::is_within(message.prefix, payload), "the prefix is in the payload");
    OUTRIDER_ASSERT(fuzz::is_within(message.content, payload), "the content is in the payload");
  }
  void check(const OtherChange&, const Event& event, std::string_view) { check_order(event); }
  void check(const Committed&, const Event& event, std::string_view) {
    check_order(event);
    last_.reset();
    const PostgresPosition after = reader_.position(Source::Edge::After);
    OUTRIDER_ASSERT(after.partial.none(), "after a commit no transaction is open");
    OUTRIDER_ASSERT(after.last.end_lsn == after.end_lsn, "a commit is the last transaction seen");
  }
  void check(const Idle&, const Event&, std::string_view) {
    OUTRIDER_ASSERT(reader_.position(Source::Edge::After).partial.none(),
                    "at rest no transaction is open");
  }
  void check(const Nothing&, const Event&, std::string_view) {}

  // Two events with one name would be one event to a consumer that drops repeats.
  void check_order(const Event& event) {
    OUTRIDER_ASSERT(!last_ || *last_ < event.id, "events of a transaction are named in order");
    last_ = event.id;
  }

  void check_position(Source::Edge edge) const {
    const PostgresPosition position = reader_.position(edge);
    OUTRIDER_ASSERT(position.system_id == from_.system_id && position.slot == from_.slot,
                    "a stream does not change whose position it is");
    const Result<PostgresPosition> unpacked = PostgresPosition::unpack(position.pack());
    OUTRIDER_ASSERT(unpacked && *unpacked == position, "a position can be packed");
  }

  StreamReader reader_;
  PostgresPosition from_;
  std::optional<EventId> last_;
  std::size_t read_ = 0;
};

}  // namespace
}  // namespace outrider::postgres

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  fuzz::StreamInput input(fuzz::text_of(data, size));
  postgres::Listener listener(input.start());
  while (const std::optional<std::string_view> payload = input.next()) {
    // In memory of its own that is gone with it, as libpq's is.
    const std::unique_ptr<char[]> copy(new char[payload->size()]);
    payload->copy(copy.get(), payload->size());
    if (!listener.hear({copy.get(), payload->size()})) break;
  }
  return 0;
}
