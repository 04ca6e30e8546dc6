#include "tests/support/certificates.h"

#include "tests/support/process.h"

#include <utility>
#include <vector>

namespace outrider::testing {
namespace {

std::vector<std::string> with_new_key(std::vector<std::string> request,
                                      const std::filesystem::path& key) {
  request.insert(request.end(), {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                                 "-keyout", key.string()});
  return request;
}

std::string next_number() {
  static int number = 0;
  return std::to_string(++number);
}

}  // namespace

Certificate encrypted(const Certificate& certificate, const std::string& password) {
  const Certificate made{.certificate = certificate.certificate,
                         .key = certificate.key.string() + ".encrypted"};
  run({"openssl", "pkey", "-in", certificate.key.string(), "-aes256", "-passout",
       "pass:" + password, "-out", made.key.string()});
  std::filesystem::permissions(made.key, std::filesystem::perms{0600});
  return made;
}

Authority::Authority(std::filesystem::path folder, std::string name)
    : folder_(std::move(folder)), name_(std::move(name)) {
  run(with_new_key(
      {"openssl", "req", "-x509", "-out", file().string(), "-days", "2", "-subj", "/CN=" + name_},
      folder_ / (name_ + ".key")));
}

Certificate Authority::sign(const std::string& subject, const std::string& names, int days) const {
  const std::filesystem::path base = folder_ / (name_ + "-" + subject + next_number());
  const Certificate made{.certificate = base.string() + ".pem", .key = base.string() + ".key"};
  const std::string request = base.string() + ".request";
  run(with_new_key({"openssl", "req", "-new", "-out", request, "-subj", "/CN=" + subject, "-addext",
                    "subjectAltName=" + names},
                   made.key));
  run({"openssl", "x509", "-req", "-in", request, "-out", made.certificate.string(), "-CA",
       file().string(), "-CAkey", (folder_ / (name_ + ".key")).string(), "-CAcreateserial",
       "-copy_extensions", "copyall", "-days", std::to_string(days)});
  std::filesystem::permissions(made.key, std::filesystem::perms{0600});
  return made;
}

}  // namespace outrider::testing
