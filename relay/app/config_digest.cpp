#include "relay/app/config_digest.h"

#include "relay/app/effective_page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <iterator>
#include <vector>

namespace outrider::app {
namespace {

void add_lines(std::string& lines, const std::vector<config::EffectiveValue>& values) {
  for (const config::EffectiveValue& value : values) {
    fmt::format_to(std::back_inserter(lines), "{} {} {}\n", value.path,
                   static_cast<int>(value.kind), value.text);
    add_lines(lines, value.children);
  }
}

}  // namespace

std::string config_digest(const Config& config) {
  std::string lines;
  add_lines(lines, effective_config(config));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(lines.data(), lines.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
  }
  return text;
}

}  // namespace outrider::app
