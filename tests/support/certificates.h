// A certificate authority in a folder, by the openssl program. Used by the integration tests.
#pragma once

#include <filesystem>
#include <string>

namespace outrider::testing {

/// A certificate with its private key, both PEM; the key readable by its owner alone.
struct Certificate {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// The same with its key encrypted, in a new file beside it.
Certificate encrypted(const Certificate& certificate, const std::string& password);

class Authority {
 public:
  /// Makes one with its files under `folder`, which must exist.
  Authority(std::filesystem::path folder, std::string name);

  std::filesystem::path file() const { return folder_ / (name_ + ".pem"); }

  /// For localhost and 127.0.0.1, with the common name `subject`.
  Certificate issue(const std::string& subject) const { return sign(subject, kNames, 2); }
  /// For another host than those that tests connect to.
  Certificate issue_for_elsewhere(const std::string& subject) const {
    return sign(subject, "DNS:elsewhere.example", 2);
  }
  Certificate issue_expired(const std::string& subject) const { return sign(subject, kNames, -1); }

 private:
  static constexpr const char* kNames = "DNS:localhost,IP:127.0.0.1";
  Certificate sign(const std::string& subject, const std::string& names, int days) const;

  std::filesystem::path folder_;
  std::string name_;
};

}  // namespace outrider::testing
