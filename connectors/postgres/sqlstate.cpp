#include "connectors/postgres/sqlstate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace outrider::postgres {
namespace {

constexpr std::size_t kCodeBytes = 5;
constexpr std::string_view kBeforeCode = " (SQLSTATE ";
constexpr const char* kUndecodableHint =
    "a row holds text that the server cannot send as UTF-8, and its log cannot be changed: keep "
    "the "
    "outbox in a database with encoding UTF8; to go on without that row, drop the slot, run "
    "outrider setup, give the pipeline another `identity:`, and insert again what was not "
    "delivered";

constexpr const char* kReplicationHint =
    "ALTER ROLE … REPLICATION; on Amazon RDS: GRANT rds_replication TO …";

/// Of what libpq, OpenSSL and the server say of a connection that was refused.
std::string connect_hint(std::string_view message) {
  struct Remedy {
    std::string_view words;
    const char* hint;
  };
  static constexpr std::array kRemedies = {
      Remedy{"certificate verify failed",
             "sslrootcert of the dsn must be the file with the authority that signed the server's "
             "certificate"},
      Remedy{"does not match host name",
             "name the server in the dsn's host as its certificate does; hostaddr=… then says "
             "where it is"},
      Remedy{"root certificate file",
             "name the file with the authority that signed the server's certificate: "
             "sslrootcert=…"},
      Remedy{"server does not support SSL",
             "turn it on there: ssl = on in postgresql.conf, with ssl_cert_file and ssl_key_file"},
      Remedy{"certificate expired",
             "the file that sslcert names needs a certificate that has not expired"},
      Remedy{"alert unknown ca",
             "the authority that signed the certificate of sslcert must be in the server's "
             "ssl_ca_file"},
      Remedy{"valid client certificate",
             "the server asks for a client certificate: name it by sslcert=… and sslkey=…"},
      Remedy{"certificate authentication failed",
             "the name (CN) in the certificate of sslcert must be that of the role, or be mapped "
             "to it in pg_ident.conf"},
      Remedy{"no encryption",
             "the server asks for TLS: sslmode=verify-full sslrootcert=… in the dsn, or a line in "
             "pg_hba.conf that lets the role in without"},
      Remedy{"no pg_hba.conf entry",
             "add a line for database, role and address of the relay to pg_hba.conf"},
      Remedy{
          "password authentication failed",
          "check user and password, and what ALTER ROLE … PASSWORD set; where pg_hba.conf says "
          "clientcert=verify-full, the name (CN) in the certificate of sslcert must be the role's"},
      Remedy{"no password supplied", "set password_file"},
      Remedy{"unsupported startup parameter",
             "this is a connection pooler (PgBouncer): name Postgres itself, its host and port, in "
             "the dsn"},
      Remedy{"could not translate host name",
             "check the host in the dsn: the name service of this machine does not know it"},
      Remedy{"Connection refused",
             "check host and port in the dsn, and that the server is up and listens there "
             "(listen_addresses)"},
      Remedy{"No such file or directory",
             "check host and port in the dsn: without a host it means a socket on this machine"},
      Remedy{"timeout expired",
             "check host and port in the dsn, and whether a firewall lets the relay through"},
      Remedy{"(SQLSTATE 3D000)", "check dbname in the dsn"},
      Remedy{"not permitted to log in", "ALTER ROLE … LOGIN"},
      Remedy{"(SQLSTATE 28000)",
             "check user in the dsn, or make the role: CREATE ROLE … LOGIN REPLICATION PASSWORD "
             "'…', then `outrider setup`"},
      Remedy{"permission denied for database",
             "`outrider setup` grants it, or: GRANT CONNECT ON DATABASE … TO …"},
      // Of Postgres before 16, and since.
      Remedy{"replication role to start walsender", kReplicationHint},
      Remedy{"permission denied to start WAL sender", kReplicationHint},
      Remedy{"(SQLSTATE 53300)",
             "raise max_connections and max_wal_senders, or the CONNECTION LIMIT of role or "
             "database: a pipeline needs two connections, one of them a walsender"},
      Remedy{"(SQLSTATE 57P03)", "it is tried again until the server takes connections"},
  };
  for (const Remedy& remedy : kRemedies) {
    if (message.find(remedy.words) != std::string_view::npos) return remedy.hint;
  }
  return {};
}

bool is_code(std::string_view text) {
  return text.size() == kCodeBytes && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

std::string one_line(std::string_view message) {
  std::string line;
  for (const char c : message) {
    const bool blank = c == '\n' || c == '\t' || c == '\r' || c == ' ';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

ErrorKind kind_of_sqlstate(std::string_view sqlstate) {
  struct Meaning {
    std::string_view prefix;
    ErrorKind kind;
  };
  static constexpr std::array kMeanings = {
      Meaning{"08", ErrorKind::Unavailable},     // Connection exceptions.
      Meaning{"22021", ErrorKind::Refused},      // Text that is not valid in the encoding.
      Meaning{"22P05", ErrorKind::Refused},      // Text that has no form in UTF-8.
      Meaning{"28", ErrorKind::Denied},          // Wrong password, no line in pg_hba.conf.
      Meaning{"42501", ErrorKind::Denied},       // Insufficient privilege.
      Meaning{"42704", ErrorKind::Refused},      // No such slot or publication.
      Meaning{"53300", ErrorKind::Unavailable},  // Too many connections.
      Meaning{"55000", ErrorKind::Refused},      // The slot is lost.
      Meaning{"55006", ErrorKind::Unavailable},  // The slot is in use.
      Meaning{"57P01", ErrorKind::Unavailable},  // Shut down by an administrator.
      Meaning{"57P02", ErrorKind::Unavailable},  // Another server process crashed.
      Meaning{"57P03", ErrorKind::Unavailable},  // The server starts up or shuts down.
      Meaning{"57P05", ErrorKind::Unavailable},  // Idle for too long.
      Meaning{"58030", ErrorKind::Refused},      // The log cannot be read.
      Meaning{"58P01", ErrorKind::Refused},      // The log has already been removed.
  };
  if (sqlstate.empty()) return ErrorKind::Unavailable;
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.prefix)) return meaning.kind;
  }
  return ErrorKind::Interrupted;
}

Error sql_error(std::string_view message, std::string_view sqlstate) {
  std::string what = one_line(message);
  if (!sqlstate.empty()) what += fmt::format("{}{})", kBeforeCode, sqlstate);
  Error error{kind_of_sqlstate(sqlstate), std::move(what)};
  if (sqlstate == "22021" || sqlstate == "22P05") error.hint = kUndecodableHint;
  return error;
}

namespace {

Error refusal(std::string_view verbose_message) {
  constexpr std::string_view kSeverityEnd = ":  ";
  constexpr std::string_view kCodeEnd = ": ";
  // With several hosts the last one has the last word: only after a refusal that another host may
  // not repeat does libpq try the next one.
  for (std::size_t at = verbose_message.rfind(kSeverityEnd); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : verbose_message.rfind(kSeverityEnd, at - 1)) {
    const std::string_view after = verbose_message.substr(at + kSeverityEnd.size());
    const std::string_view code = after.substr(0, kCodeBytes);
    if (!is_code(code) || !after.substr(kCodeBytes).starts_with(kCodeEnd)) continue;
    // What follows in other lines is the place in the server's source code.
    const std::size_t message_at = kCodeBytes + kCodeEnd.size();
    const std::string_view rest = after.substr(message_at);
    std::string message(verbose_message.substr(0, at));
    message += ": ";
    message += rest.substr(0, rest.find('\n'));
    return sql_error(message, code);
  }
  return sql_error(verbose_message, "");
}

}  // namespace

Error connect_error(std::string_view verbose_message) {
  Error error = refusal(verbose_message);
  error.hint = connect_hint(error.what);
  return error;
}

std::string_view sqlstate_of(const Error& error) {
  std::string_view what = error.what;
  if (!what.ends_with(')')) return {};
  what.remove_suffix(1);
  const std::size_t at = what.rfind(kBeforeCode);
  if (at == std::string_view::npos) return {};
  const std::string_view code = what.substr(at + kBeforeCode.size());
  return is_code(code) ? code : std::string_view{};
}

}  // namespace outrider::postgres
