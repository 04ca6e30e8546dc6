#include "relay/app/admin_http.h"

#include "relay/app/clock.h"
#include "tests/unit/relay/app/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <string>

namespace outrider::app {
namespace {

using ::testing::HasSubstr;
using testing::snapshot_of;
using ::testing::StartsWith;

const ListenAddress kAnyPort{.host = "127.0.0.1", .port = 0};

class AdminHttpTest : public ::testing::Test {
 protected:
  AdminHttpTest() : http_(*AdminHttp::start(kAnyPort, [] { return snapshots(); })) {}

  static std::vector<Snapshot> snapshots() {
    Snapshot orders = snapshot_of("orders", PipelineState::Streaming);
    Snapshot users = snapshot_of("users", PipelineState::Retrying);
    users.status.reason = "no broker";
    orders.turned_at = users.turned_at = clock_now().steady;
    return {orders, users};
  }

  httplib::Client client() const { return httplib::Client("127.0.0.1", http_->address().port); }

  const std::unique_ptr<AdminHttp> http_;
};

TEST_F(AdminHttpTest, SaysWhichFreePortItTook) { EXPECT_NE(http_->address().port, 0); }

TEST_F(AdminHttpTest, MetricsAreInTheTextFormatOfPrometheus) {
  const auto response = client().Get("/metrics");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->get_header_value("Content-Type"), StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(response->body, HasSubstr("outrider_up{pipeline=\"orders\"} 1\n"));
  EXPECT_THAT(response->body, HasSubstr("outrider_up{pipeline=\"users\"} 0\n"));
}

TEST_F(AdminHttpTest, ALiveRelayNeedNotBeReady) {
  const auto live = client().Get("/livez");
  ASSERT_TRUE(live);
  EXPECT_EQ(live->status, 200);
  const auto ready = client().Get("/readyz");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, 503);
  EXPECT_EQ(ready->body, "failed\n");
}

TEST_F(AdminHttpTest, VerboseReadinessNamesEveryPipeline) {
  const auto ready = client().Get("/readyz?verbose");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->body, "[+]orders ok: streaming\n[-]users failed: no broker\nfailed\n");
}

TEST_F(AdminHttpTest, StatusAndVersionAreJson) {
  const auto status = client().Get("/status");
  ASSERT_TRUE(status);
  EXPECT_EQ(nlohmann::json::parse(status->body)["pipelines"]["users"]["reason"], "no broker");
  const auto version = client().Get("/version");
  ASSERT_TRUE(version);
  EXPECT_EQ(nlohmann::json::parse(version->body)["version"], build_info().version);
}

TEST_F(AdminHttpTest, TheIndexNamesEveryPath) {
  const auto index = client().Get("/");
  ASSERT_TRUE(index);
  for (const char* path : {"/metrics", "/livez", "/readyz", "/status", "/version"}) {
    EXPECT_THAT(index->body, HasSubstr(path));
  }
}

TEST_F(AdminHttpTest, OtherMethodsAreNotAllowedAndOtherPathsNotFound) {
  const auto posted = client().Post("/metrics", "x", "text/plain");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 405);
  EXPECT_EQ(posted->get_header_value("Allow"), "GET, HEAD");
  const auto unknown = client().Get("/nothing");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->status, 404);
  const auto head = client().Head("/livez");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
}

TEST_F(AdminHttpTest, APortInUseIsAClearError) {
  const auto second = AdminHttp::start(http_->address(), [] { return snapshots(); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(second.error().what,
            "listen on " + to_string(http_->address()) + ": Address already in use");
}

TEST(AdminHttp, ListensOnEveryAddressWithoutAHost) {
  const auto http = AdminHttp::start(ListenAddress{}, [] { return std::vector<Snapshot>(); });
  ASSERT_TRUE(http);
  const auto live = httplib::Client("127.0.0.1", (*http)->address().port).Get("/livez");
  ASSERT_TRUE(live);
  EXPECT_EQ(live->status, 200);
}

TEST(AdminHttp, CanBeStoppedBeforeItServedAnything) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(AdminHttp::start(kAnyPort, [] { return std::vector<Snapshot>(); }));
  }
}

}  // namespace
}  // namespace outrider::app
