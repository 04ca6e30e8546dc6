#include "relay/app/listen_address.h"

#include <gtest/gtest.h>

namespace outrider::app {
namespace {

TEST(ListenAddress, ReadsHostAndPortAndWritesThemBack) {
  for (const char* text : {"127.0.0.1:9847", "localhost:0", "[::1]:80", "[::]:65535"}) {
    const Result<ListenAddress> address = parse_listen_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
}

TEST(ListenAddress, WithoutAHostItMeansEveryAddress) {
  const Result<ListenAddress> address = parse_listen_address(":9847");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "");
  EXPECT_EQ(address->port, 9847);
  EXPECT_EQ(to_string(*address), "*:9847");
}

TEST(ListenAddress, RefusesWhatIsNoHostAndPort) {
  for (const char* text : {"9847", "host", "host:", "host:x", "host:80x", "host:65536", "::1:80",
                           "host:-1", "host: 80", ":", "[[]]:80", "h]:80"}) {
    const Result<ListenAddress> address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::Misconfigured);
    EXPECT_FALSE(address.error().hint.empty());
  }
}

}  // namespace
}  // namespace outrider::app
