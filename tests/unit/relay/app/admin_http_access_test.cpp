// The HTTP server under a web configuration: TLS, users, certificates of clients.
#include "relay/app/admin_client.h"
#include "relay/app/admin_http.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace outrider::app {
namespace {

using testing::Authority;
using testing::Certificate;
using ::testing::HasSubstr;
using ::testing::Not;
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
    return AdminHttp::start(kAnyPort, [] { return std::vector<Snapshot>(); },
                            {.web_config_file = file()});
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
  /// The command with the options to log in as "prometheus".
  std::vector<std::string> with_user(std::vector<std::string> command,
                                     const std::string& password) const {
    const std::string password_file = folder_.path() / "password";
    std::ofstream(password_file) << password << "\n";
    command.insert(command.end(), {"--user", "prometheus", "--password-file", password_file});
    return command;
  }
  /// What the program prints; with "exit N" if it failed.
  std::string said_by(std::vector<std::string> words) const {
    words.insert(words.begin(), OUTRIDER_BINARY);
    words.insert(words.end(), {"--url", "http://" + to_string(http_->address())});
    try {
      return testing::run(words);
    } catch (const std::runtime_error& failed) {
      return failed.what();
    }
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
  EXPECT_EQ(ask_relay({.url = *url}, "/livez")->status, 200);
}

TEST_F(AdminHttpAccess, TheCommandsLogInAsOneOfItsUsers) {
  start("basic_auth_users: { prometheus: " + std::string(kHash) + " }\n");
  EXPECT_THAT(said_by(with_user({"status"}, "secret")), HasSubstr(", up "));
  EXPECT_EQ(said_by(with_user({"healthcheck", "--ready"}, "secret")), "");
}

TEST_F(AdminHttpAccess, TheCommandsSayHowToLogInAndNeverTheWrongPassword) {
  start("basic_auth_users: { prometheus: " + std::string(kHash) + " }\n");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"status"}, {"healthcheck", "--ready"}}) {
    const std::string without = said_by(command);
    EXPECT_THAT(without, HasSubstr("exit 77"));
    EXPECT_THAT(without, HasSubstr("the relay asks for a user\n  remedy: log in with --user and "
                                   "--password-file"));
    const std::string wrong = said_by(with_user(command, "hunter2"));
    EXPECT_THAT(wrong, HasSubstr("exit 77"));
    EXPECT_THAT(wrong, HasSubstr("the relay refuses user \"prometheus\" or the password\n  "
                                 "remedy: log in with --user and --password-file"));
    EXPECT_THAT(wrong, Not(HasSubstr("hunter2")));
  }
  EXPECT_EQ(said_by({"healthcheck"}), "");
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

TEST_F(AdminHttpAccess, EveryAnswerHasTheHeadersOfTheFile) {
  start("http_server_config: { http2: true, headers: { X-Frame-Options: deny } }\n");
  for (const char* path : {"/", "/metrics", "/livez", "/readyz?verbose", "/nothing"}) {
    const auto response = httplib::Client("127.0.0.1", port()).Get(path);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->get_header_value("X-Frame-Options"), "deny") << path;
  }
}

/// What the openssl program says of a connection with these options.
std::string handshake(int port, const std::string& options) {
  const std::string command = "openssl s_client -connect 127.0.0.1:" + std::to_string(port) + " " +
                              options + " </dev/null 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string said;
  char buffer[4096];
  while (const std::size_t count = fread(buffer, 1, sizeof(buffer), pipe)) {
    said.append(buffer, count);
  }
  pclose(pipe);
  return said;
}

TEST_F(AdminHttpAccess, OnlyTheVersionsAndSuitesOfTheFileAreSpoken) {
  start(
      "tls_server_config: { cert_file: server.pem, key_file: server.key, max_version: TLS12, "
      "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "
      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305] }\n");
  EXPECT_THAT(handshake(port(), ""), HasSubstr("TLSv1.2, Cipher is ECDHE-"));
  EXPECT_THAT(
      handshake(port(), "-cipher ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"),
      HasSubstr("TLSv1.2, Cipher is ECDHE-"));
  EXPECT_THAT(handshake(port(), "-tls1_3"), HasSubstr("Cipher is (NONE)"));
  EXPECT_THAT(
      handshake(port(), "-cipher ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"),
      HasSubstr("Cipher is (NONE)"));
}

TEST_F(AdminHttpAccess, OfTls13OnlyTheSuitesOfTheFileAreSpoken) {
  start(
      "tls_server_config: { cert_file: server.pem, key_file: server.key, min_version: TLS13, "
      "cipher_suites: [TLS_AES_128_GCM_SHA256] }\n");
  EXPECT_THAT(handshake(port(), ""), HasSubstr("TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(handshake(port(), "-ciphersuites TLS_AES_256_GCM_SHA384"),
              HasSubstr("Cipher is (NONE)"));
  EXPECT_THAT(handshake(port(), "-tls1_2"), HasSubstr("Cipher is (NONE)"));
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

TEST_F(AdminHttpAccess, WhatExportersKnowBesidesIsRefusedWithTheReason) {
  const auto said_of_tls = [&](const std::string& keys) {
    write("tls_server_config: { cert_file: server.pem, key_file: server.key, " + keys + " }\n");
    return refusal(try_start());
  };
  for (const char* type : {"RequestClientCert", "RequireAnyClientCert"}) {
    EXPECT_THAT(said_of_tls("client_auth_type: " + std::string(type)),
                HasSubstr("would take any certificate and verify none"));
  }
  EXPECT_THAT(said_of_tls("min_version: TLS13, max_version: TLS12"),
              HasSubstr("max_version: is older than min_version"));
  EXPECT_THAT(said_of_tls("cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]"),
              HasSubstr("cipher_suites[0]: is no cipher suite"));
  EXPECT_THAT(said_of_tls("cipher_suites: [TLS_AES_128_GCM_SHA256]"),
              HasSubstr("names none of TLS 1.2"));
  EXPECT_THAT(said_of_tls("client_allowed_sans: [a]"),
              HasSubstr("web.yaml:1:67: tls_server_config.client_allowed_sans: is not taken"));
  const std::string inline_key = said_of_tls("key: private-0815");
  EXPECT_THAT(inline_key, HasSubstr("tls_server_config.key: is not taken here"));
  EXPECT_EQ(inline_key.find("private-0815"), std::string::npos);
  EXPECT_THAT(said_of_tls("curve_preferences: [X25519]"), HasSubstr("OpenSSL chooses"));
  write("rate_limit: { burst: 1 }\nhttp_server_config: { headers: { \"a:b\": c } }\n");
  const std::string said = refusal(try_start());
  EXPECT_THAT(said, HasSubstr("web.yaml:1:1: rate_limit: is not taken"));
  EXPECT_THAT(said, HasSubstr("is no name of a header"));
  write("http_server_config: { headers: { content-length: \"0\" } }\n");
  EXPECT_THAT(refusal(try_start()), HasSubstr("content-length: is for the server to say"));
}

}  // namespace
}  // namespace outrider::app
