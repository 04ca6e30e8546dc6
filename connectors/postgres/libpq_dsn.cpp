#include "connectors/postgres/libpq_dsn.h"

#include "config/secret_file.h"
#include "connectors/postgres/dsn_check.h"
#include "connectors/postgres/libpq_handles.h"

#include <memory>

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
  OUTRIDER_TRY(check_dsn(dsn, parameters));
  return parameters;
}

Result<std::optional<std::string>> read_password(const Options& options) {
  if (options.password_file.empty()) {
    if (options.password.empty()) return std::nullopt;
    return options.password;
  }
  OUTRIDER_TRY(std::string password,
               config::read_secret_file("password file", options.password_file));
  return password;
}

}  // namespace outrider::postgres
