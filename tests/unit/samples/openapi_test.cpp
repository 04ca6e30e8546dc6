// The services' OpenAPI documents against the routes that they really have.
#include "samples/order/order_service.h"
#include "samples/user/user_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string>
#include <vector>

namespace samples {
namespace {

using ::testing::UnorderedElementsAreArray;

std::vector<std::string> described_in(const std::string& service) {
  std::vector<std::string> routes;
  const YAML::Node document =
      YAML::LoadFile(OUTRIDER_SOURCE_DIR "/samples/" + service + "/openapi.yaml");
  for (const auto& path : document["paths"]) {
    for (const auto& operation : path.second) {
      std::string method = operation.first.as<std::string>();
      std::ranges::transform(method, method.begin(),
                             [](unsigned char c) { return std::toupper(c); });
      routes.push_back(method + " " + path.first.as<std::string>());
    }
  }
  return routes;
}

TEST(OpenApi, DescribesTheRoutesOfTheUserService) {
  outbox::Database never_asked("");
  service::HttpService http(never_asked);
  UserService(never_asked).add_routes(http);
  EXPECT_THAT(http.routes(), UnorderedElementsAreArray(described_in("user")));
}

TEST(OpenApi, DescribesTheRoutesOfTheOrderService) {
  outbox::Database never_asked("");
  service::HttpService http(never_asked);
  OrderService(never_asked).add_routes(http);
  EXPECT_THAT(http.routes(), UnorderedElementsAreArray(described_in("order")));
}

}  // namespace
}  // namespace samples
