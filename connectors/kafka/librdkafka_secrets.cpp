#include "connectors/kafka/librdkafka_secrets.h"

#include "config/secret_file.h"

#include <functional>
#include <utility>

namespace outrider::kafka {

Result<Secrets> read_secrets(const Options& options) {
  Secrets secrets;
  if (options.sasl) {
    secrets.password = options.sasl->password;
    if (!options.sasl->password_file.empty()) {
      OUTRIDER_TRY(secrets.password,
                   config::read_secret_file("password file", options.sasl->password_file));
    }
  }
  if (options.tls && !options.tls->key_password_file.empty()) {
    OUTRIDER_TRY(secrets.key_password, config::read_secret_file("password file of the key",
                                                                options.tls->key_password_file));
  }
  return secrets;
}

Result<std::size_t> fingerprint_of_files(const Options& options) {
  if (!options.tls) return std::size_t{0};
  const Tls& tls = *options.tls;
  std::string all;
  for (const auto& [what, path] :
       {std::pair{"file of authorities", &tls.ca_file},
        std::pair{"certificate file", &tls.certificate_file}, std::pair{"key file", &tls.key_file},
        std::pair{"password file of the key", &tls.key_password_file}}) {
    if (path->empty()) continue;
    OUTRIDER_TRY(const std::string text, config::read_replaceable_file(what, *path));
    all += text;
    all += '\0';
  }
  return std::hash<std::string>{}(all);
}

}  // namespace outrider::kafka
