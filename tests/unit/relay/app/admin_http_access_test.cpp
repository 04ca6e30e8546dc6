// The HTTP server under a web configuration: TLS, users, certificates of clients.
#include "relay/app/admin_client.h"
#include "relay/app/admin_http.h"
#include "tests/support/certificates.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using testing::Authority;
using testing::Certificate;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

// Of "secret", with the least cost there is.
constexpr const char* kHash = "$2b$04$WDUGCD8SAS10Z6Vs1FkPaeroj1elnJ15oeW/AYOR8hX72.TZUmVvm";
const ListenAddress kAnyPort{.host = "127.0.0.1", .port = 0};

class AdminHttpAccess : public ::testing::Test {
 protected:
  AdminHttpAccess() {
    std::filesystem::copy_file(server_.certificate, folder_.path() / "server.pem");
    std::filesystem::copy_file(server_.key, folder_.path() / "server.key");
  }

  void write(const std::string& web_config) const { std::ofstream(file()) << web_config; }
  std::string file() const { return folder_.path() / "web.yaml"; }
  Result<std::unique_ptr<AdminHttp>> try_start() const {
    return AdminHttp::start(kAnyPort, [] { return std::vector<Snapshot>(); }, file());
  }
  void start(const std::string& web_config) {
    write(web_config);
    http_ = *try_start();
  }
  int port() const { return http_->address().port; }

  int status(const std::string& path, const std::string& name = {},
             const std::string& password = {}) const {
    httplib::Client client("127.0.0.1", port());
    if (!name.empty()) client.set_basic_auth(name, password);
    const auto response = client.Get(path);
    return response ? response->status : 0;
  }
  /// 0: no answer.
  int status_over_tls(httplib::SSLClient client) const {
    client.set_ca_cert_path(authority_.file().c_str());
    client.enable_server_certificate_verification(true);
    const auto response = client.Get("/metrics");
    return response ? response->status : 0;
  }

  const TemporaryFolder folder_;
  const Authority authority_{folder_.path(), "authority"};
  const Authority other_{folder_.path(), "other"};
  const Certificate server_ = authority_.issue("outrider");
  std::unique_ptr<AdminHttp> http_;
};

TEST_F(AdminHttpAccess, AsksForAUserEverywhereButAtTheProbes) {
  start("basic_auth_users: { prometheus: " + std::string(kHash) + " }\n");
  for (const char* path : {"/", "/metrics", "/status", "/version", "/readyz?verbose", "/nothing"}) {
    EXPECT_EQ(status(path), 401) << path;
    EXPECT_EQ(status(path, "prometheus", "wrong"), 401) << path;
    EXPECT_EQ(status(path, "nobody", "secret"), 401) << path;
  }
  for (const char* path : {"/", "/metrics", "/status", "/version"}) {
    EXPECT_EQ(status(path, "prometheus", "secret"), 200) << path;
  }
  EXPECT_EQ(status("/livez"), 200);
  EXPECT_EQ(status("/readyz"), 200);
}

TEST_F(AdminHttpAccess, ARefusalSaysHowToLogIn) {
  start("basic_auth_users: { prometheus: " + std::string(kHash) + " }\n");
  const auto response = httplib::Client("127.0.0.1", port()).Get("/metrics");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->get_header_value("WWW-Authenticate"), "Basic realm=\"outrider\"");
  EXPECT_EQ(response->body, "unauthorized\n");
}

TEST_F(AdminHttpAccess, WhatIsNoLoginIsRefused) {
  start("basic_auth_users: { prometheus: " + std::string(kHash) + " }\n");
  for (const std::string& header :
       {std::string("Basic"), std::string("Basic !"), std::string("Bearer secret"),
        std::string("Basic c2VjcmV0"), "Basic " + std::string(4000, 'A')}) {
    const auto response =
        httplib::Client("127.0.0.1", port()).Get("/metrics", {{"Authorization", header}});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 401) << header;
  }
}

TEST_F(AdminHttpAccess, UsersAreReadAgainAndNeverVanishIntoAnOpenDoor) {
  start("basic_auth_users: { prometheus: " + std::string(kHash) + " }\n");
  EXPECT_EQ(status("/metrics", "prometheus", "secret"), 200);
  write("basic_auth_users: { grafana: " + std::string(kHash) + " }\n");
  EXPECT_EQ(status("/metrics", "prometheus", "secret"), 401);
  EXPECT_EQ(status("/metrics", "grafana", "secret"), 200);
  write("{}\n");
  EXPECT_EQ(status("/metrics"), 401);
  write("basic_auth_users: [\n");
  EXPECT_EQ(status("/metrics", "grafana", "secret"), 401);
}

TEST_F(AdminHttpAccess, WithTlsItAnswersNobodyWithoutAndItsCertificateIsReadAgain) {
  start("tls_server_config: { cert_file: server.pem, key_file: server.key }\n");
  EXPECT_EQ(status("/metrics"), 0);
  EXPECT_EQ(status_over_tls(httplib::SSLClient("localhost", port())), 200);
  const Certificate another = other_.issue("outrider");
  using enum std::filesystem::copy_options;
  std::filesystem::copy_file(another.certificate, folder_.path() / "server.pem",
                             overwrite_existing);
  std::filesystem::copy_file(another.key, folder_.path() / "server.key", overwrite_existing);
  EXPECT_EQ(status_over_tls(httplib::SSLClient("localhost", port())), 0);
}

TEST_F(AdminHttpAccess, TheCommandsOfTheSameMachineSpeakTlsToo) {
  start("tls_server_config: { cert_file: server.pem, key_file: server.key }\n");
  const Result<std::string> url =
      relay_url({.listen = to_string(http_->address()), .web_config_file = file()});
  ASSERT_TRUE(url) << url.error().what;
  EXPECT_TRUE(url->starts_with("https://")) << *url;
  EXPECT_EQ(ask_relay(*url, "/livez")->status, 200);
}

TEST_F(AdminHttpAccess, AClientNeedsACertificateOfItsAuthorityWhereThatIsAsked) {
  start(
      "tls_server_config: { cert_file: server.pem, key_file: server.key, client_auth_type: "
      "RequireAndVerifyClientCert, client_ca_file: authority.pem }\n");
  const auto status_with = [&](const Certificate& own) {
    return status_over_tls(
        httplib::SSLClient("localhost", port(), own.certificate.string(), own.key.string()));
  };
  EXPECT_EQ(status_over_tls(httplib::SSLClient("localhost", port())), 0);
  EXPECT_EQ(status_with(other_.issue("prometheus")), 0);
  EXPECT_EQ(status_with(authority_.issue_expired("prometheus")), 0);
  EXPECT_EQ(status_with(authority_.issue("prometheus")), 200);
}

std::string refusal(const Result<std::unique_ptr<AdminHttp>>& started) {
  return started ? "" : started.error().what;
}

TEST_F(AdminHttpAccess, MistakesInTheFileAreNamedWithTheirPlace) {
  write("basic_auth_user: {}\nbasic_auth_users: { a: secret }\n");
  const auto started = try_start();
  EXPECT_THAT(refusal(started), HasSubstr("web.yaml:1:1: basic_auth_user: "));
  EXPECT_THAT(refusal(started), HasSubstr("web.yaml:2:24: basic_auth_users.a: is no bcrypt hash"));
  EXPECT_EQ(refusal(started).find("secret"), std::string::npos);
  write("tls_server_config: { cert_file: none.pem, key_file: server.key }\n");
  EXPECT_THAT(refusal(try_start()), HasSubstr("no such file"));
  write(
      "tls_server_config: { cert_file: server.pem, key_file: server.key, client_auth_type: "
      "RequireAndVerifyClientCert }\n");
  EXPECT_THAT(refusal(try_start()), HasSubstr("client_ca_file"));
  write("tls_server_config: { cert_file: server.pem, key_file: other.key }\n");
  EXPECT_THAT(refusal(try_start()), HasSubstr("cannot be used"));
}

}  // namespace
}  // namespace outrider::app
