#include "connectors/postgres/libpq_dsn.h"

#include "connectors/postgres/libpq_handles.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>

namespace outrider::postgres {

Result<ConnectParameters> parse_dsn(const std::string& dsn) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreedBy<PQconninfoFree>> parsed(
      PQconninfoParse(dsn.c_str(), &message));
  // The message may quote a piece of the password, so it is not passed on.
  const LibpqText unused(message);
  if (!parsed) {
    return failure(ErrorKind::Misconfigured, "the dsn is no Postgres connection string",
                   "write \"host=… dbname=… user=…\" or \"postgresql://user@host/database\"");
  }
  ConnectParameters parameters;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters.emplace(option->keyword, option->val);
  }
  return parameters;
}

Result<std::optional<std::string>> read_password(const Options& options) {
  if (options.password_file.empty()) {
    if (options.password.empty()) return std::nullopt;
    return options.password;
  }
  errno = 0;
  std::ifstream file(options.password_file, std::ios::binary);
  std::string password(std::istreambuf_iterator<char>(file), {});
  if (!file) {
    // Unavailable, not Misconfigured: a secret that is being replaced is gone for a moment only.
    return failure(ErrorKind::Unavailable,
                   fmt::format("read the password file \"{}\": {}", options.password_file,
                               std::generic_category().message(errno)));
  }
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

}  // namespace outrider::postgres
