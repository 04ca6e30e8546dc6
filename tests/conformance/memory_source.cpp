// The memory source in its conformance suite. The script is the server.
#include "connectors/memory/source.h"
#include "tests/conformance/source_suite.h"

#include <cstdint>
#include <limits>

namespace outrider::conformance {
namespace {

class Owned final : public OtherOwner {
 public:
  explicit Owned(memory::MemorySource& source) : source_(source) {
    source_.set_standing(Source::Standing::Standby);
  }
  ~Owned() override { source_.set_standing(Source::Standing::Held); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

 private:
  memory::MemorySource& source_;
};

class MemorySourceUnderTest final : public SourceUnderTest {
 public:
  Source& source() override { return source_; }

  void commit(const std::vector<std::string>& payloads) override {
    memory::Transaction transaction;
    for (const std::string& payload : payloads) transaction.rows.push_back({"1", payload});
    transaction.committed_at = WallTime(std::chrono::seconds(++commits_));
    source_.commit(std::move(transaction));
  }

  std::unique_ptr<OtherOwner> let_another_own() override {
    return std::make_unique<Owned>(source_);
  }
  void break_stream() override {
    source_.break_stream({.kind = ErrorKind::Interrupted, .what = "the stream broke off"});
  }
  void lose_server() override { break_stream(); }
  bool has_others_in_log() const override { return false; }
  void write_for_others() override {}

  std::vector<Position> foreign_positions() override {
    return {memory::MemoryPosition{.transactions_done = std::numeric_limits<std::uint64_t>::max(),
                                   .events_done = 0}
                .pack()};
  }

 private:
  memory::MemorySource source_{
      Table{.schema = "public", .name = "outbox", .columns = {"id", kPayloadColumn}}};
  std::int64_t commits_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Memory, SourceConformance,
                         ::testing::Values(SourceCase{
                             .name = "Source",
                             .make = [] { return std::make_unique<MemorySourceUnderTest>(); }}),
                         name_of<SourceUnderTest>);

}  // namespace
}  // namespace outrider::conformance
