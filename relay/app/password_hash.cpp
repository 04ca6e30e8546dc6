#include "relay/app/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <memory>
#include <string_view>

namespace outrider::app {
namespace {

constexpr std::size_t kHashBytes = 60;

}  // namespace

bool is_password_hash(const std::string& text) {
  const std::string_view kind = std::string_view(text).substr(0, 4);
  return text.size() == kHashBytes && (kind == "$2a$" || kind == "$2b$" || kind == "$2y$") &&
         crypt_checksalt(text.c_str()) == CRYPT_SALT_OK;
}

bool is_password_of(const std::string& password, const std::string& hash) {
  const auto memory = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), hash.c_str(), memory.get());
  return made != nullptr && std::string_view(made).size() == hash.size() &&
         CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

}  // namespace outrider::app
