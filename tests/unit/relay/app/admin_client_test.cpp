#include "relay/app/admin_client.h"

#include "relay/app/admin_http.h"
#include "relay/app/clock.h"
#include "relay/app/exit_code.h"
#include "tests/unit/relay/app/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace outrider::app {
namespace {

using ::testing::HasSubstr;
using testing::snapshot_of;

TEST(AdminClient, AsksOnTheSameMachineWhateverTheRelayListensOn) {
  const auto url = [](const std::string& listen) {
    return *relay_url(HttpConfig{.listen = listen});
  };
  EXPECT_EQ(url(":9847"), "http://127.0.0.1:9847");
  EXPECT_EQ(url("0.0.0.0:1"), "http://127.0.0.1:1");
  EXPECT_EQ(url("[::]:1"), "http://[::1]:1");
  EXPECT_EQ(url("10.0.0.7:1"), "http://10.0.0.7:1");
}

TEST(AdminClient, SaysThatARelayWithoutHttpCannotBeAsked) {
  EXPECT_THAT(relay_url(HttpConfig{.listen = ""}).error().what, HasSubstr("has no HTTP"));
  EXPECT_THAT(relay_url(HttpConfig{.listen = ":0"}).error().hint, HasSubstr("--url"));
}

TEST(AdminClient, TakesAUrlWithAPathForTheRelayItself) {
  const RelayWanted wanted{.config = {}, .url = "http://localhost:9847/status/"};
  EXPECT_EQ(find_relay("status", wanted)->url, "http://localhost:9847");
}

TEST(AdminClient, LogsInWithTheFirstLineOfThePasswordFile) {
  const std::string file = ::testing::TempDir() + "outrider-password-" + std::to_string(getpid());
  std::ofstream(file) << "secret\n";
  const RelayWanted wanted{
      .url = "http://localhost:9847", .user = "prometheus", .password_file = file};
  const auto relay = find_relay("status", wanted);
  EXPECT_EQ(relay->user, "prometheus");
  EXPECT_EQ(relay->password, "secret");
  std::filesystem::remove(file);
  EXPECT_EQ(find_relay("status", wanted).error(), kExitUnavailable);
}

TEST(AdminClient, GetsTheAnswerOfARelayAlsoIfItIsABadOne) {
  const auto snapshots = [] {
    Snapshot halted = snapshot_of("orders", PipelineState::Halted);
    halted.turned_at = clock_now().steady;
    return std::vector<Snapshot>{halted};
  };
  const auto http = *AdminHttp::start(ListenAddress{.host = "127.0.0.1", .port = 0}, snapshots);
  const RelayFound relay{.url = "http://" + to_string(http->address())};
  EXPECT_EQ(ask_relay(relay, "/livez")->status, 200);
  EXPECT_EQ(ask_relay(relay, "/readyz")->status, 503);
  EXPECT_THAT(ask_relay(relay, "/readyz?verbose")->body, HasSubstr("[-]orders failed: halted"));
}

TEST(AdminClient, NobodyThereIsUnavailableAndSaysWhoWasAsked) {
  const auto answer = ask_relay({.url = "http://127.0.0.1:1"}, "/livez");
  ASSERT_FALSE(answer);
  EXPECT_EQ(exit_code(answer.error().kind), kExitUnavailable);
  EXPECT_THAT(answer.error().what, HasSubstr("http://127.0.0.1:1/livez"));
}

}  // namespace
}  // namespace outrider::app
