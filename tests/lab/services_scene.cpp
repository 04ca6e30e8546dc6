#include "tests/lab/scene.h"
#include "tests/support/sample_services.h"
#include "tests/support/service_load.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kCopiesPatience = 60s;

class ServicesScene final : public Scene {
 public:
  explicit ServicesScene(Stage& stage)
      : stage_(stage), services_(stage.folder().path(), stage.postgres(), stage.kafka()) {}

  RelayProcess& relay() override { return services_.relay(); }
  std::vector<std::string> topics() const override {
    return {SampleServices::kUserTopic, SampleServices::kOrderTopic};
  }
  std::vector<std::string> databases() const override { return {"user_db", "order_db"}; }

  void begin(std::uint64_t events, double per_second) override {
    load_.emplace(services_,
                  ServiceLoad::Options{.events = events, .events_per_second = per_second});
  }
  std::uint64_t committed() const override { return load_->accepted(); }
  bool is_finished() const override { return load_->is_finished(); }
  void finish() override { load_->finish(); }

  Outcome check() override {
    const bool copies = eventually(kCopiesPatience, [&] { return services_.copies_are_equal(); });
    const Verdict verdict = services_.judge();
    const bool events = verdict.committed == load_->accepted();
    return {.verdict = verdict,
            .remark = fmt::format(
                "services: {} users, {} orders, copies {}, {} requests accepted and {} events",
                services_.user_db().value("select count(*) from users"),
                services_.order_db().value("select count(*) from orders"),
                copies ? "equal" : "DIFFERENT", load_->accepted(), verdict.committed),
            .is_right = verdict.is_exact() && copies && events};
  }

  std::string things_to_try() const override {
    const std::string user = "00000000-0000-4000-8000-000000000001";
    const std::string order = "00000000-0000-4000-8000-000000000002";
    return fmt::format(
        "  curl -i http://127.0.0.1:{1}/orders -d "
        "'{{\"id\": \"{4}\", \"customerId\": \"{2}\", \"product\": \"tea\", \"quantity\": 1}}'   # "
        "pending\n"
        "  curl -i http://127.0.0.1:{0}/users -d "
        "'{{\"id\": \"{2}\", \"name\": \"Ada\", \"email\": \"ada@example.org\"}}'\n"
        "  curl -i -X PATCH http://127.0.0.1:{0}/users/{2}/email -d "
        "'{{\"email\": \"ada@example.net\"}}'\n"
        "  curl -i http://127.0.0.1:{1}/customers/{2}   # the order service's copy\n"
        "  curl -i http://127.0.0.1:{1}/orders/{4}   # confirmed by now\n"
        "  psql -h 127.0.0.1 -p {3} -U postgres order_db\n",
        services_.users().port(), services_.orders().port(), user, stage_.postgres().port(), order);
  }

 private:
  Stage& stage_;
  SampleServices services_;
  std::optional<ServiceLoad> load_;
};

}  // namespace

std::unique_ptr<Scene> make_services_scene(Stage& stage) {
  return std::make_unique<ServicesScene>(stage);
}

}  // namespace outrider::testing
