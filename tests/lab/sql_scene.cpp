#include "tests/lab/scene.h"
#include "tests/support/kafka_consumer.h"

#include <fmt/format.h>

#include <optional>

namespace outrider::testing {
namespace {

constexpr const char* kDatabase = "order_db";
constexpr const char* kTopic = "outbox.event.order";

class SqlScene final : public Scene {
 public:
  explicit SqlScene(Stage& stage)
      : stage_(stage), relay_(stage.add_relay(kDatabase, "exactly_once")) {
    stage_.kafka().create_topic(kTopic, 3);
    Stage::start(*relay_);
  }

  RelayProcess& relay() override { return *relay_; }
  std::vector<std::string> topics() const override { return {kTopic}; }
  std::vector<std::string> databases() const override { return {kDatabase}; }

  void begin(std::uint64_t events, double per_second) override {
    load_.emplace(OutboxLoad::Options{.dsn = stage_.postgres().dsn(kDatabase),
                                      .events = events,
                                      .events_per_second = per_second});
  }
  std::uint64_t committed() const override { return load_->committed(); }
  bool is_finished() const override { return load_->is_finished(); }
  void finish() override { load_->finish(); }

  Outcome check() override {
    const Verdict verdict = judge(stage_.postgres().dsn(kDatabase), "order",
                                  read_topic(stage_.kafka().bootstrap(), kTopic));
    return {.verdict = verdict, .remark = {}, .is_right = verdict.is_exact()};
  }

  std::string things_to_try() const override {
    return fmt::format("  psql -h 127.0.0.1 -p {} -U postgres {}\n", stage_.postgres().port(),
                       kDatabase);
  }

 private:
  Stage& stage_;
  std::unique_ptr<RelayProcess> relay_;
  std::optional<OutboxLoad> load_;
};

}  // namespace

std::unique_ptr<Scene> make_sql_scene(Stage& stage) { return std::make_unique<SqlScene>(stage); }

}  // namespace outrider::testing
