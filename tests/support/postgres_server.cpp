#include "tests/support/postgres_server.h"

#include "tests/support/sql.h"

#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;
const std::string kUser = "postgres";

/// Where initdb and postgres of the version are. The cache may lie where user postgres cannot read,
/// so what is not Debian's is copied into the server's folder.
std::string binaries_of(const std::string& version, const std::filesystem::path& folder) {
  if (version == "15") return "/usr/lib/postgresql/15/bin/";
  for (const auto& entry : std::filesystem::directory_iterator(cache_folder())) {
    if (!entry.path().filename().string().starts_with("postgres-" + version + ".")) continue;
    testing::run({"cp", "-a", entry.path().string(), (folder / "software").string()});
    return (folder / "software" / "bin").string() + "/";
  }
  throw std::runtime_error("no Postgres " + version + " in " + cache_folder().string() +
                           ": run ./dev setup");
}

}  // namespace

PostgresServer::PostgresServer(std::filesystem::path folder, const Settings& settings,
                               const std::string& version)
    : folder_(std::move(folder)), port_(free_port()) {
  std::filesystem::create_directories(folder_);
  binaries_ = binaries_of(version, folder_);
  if (geteuid() == 0) testing::run({"chown", kUser, folder_.string()});
  testing::run({binaries_ + "initdb", "-D", (folder_ / "data").string(), "-A", "trust", "-U",
                "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"},
               kUser);
  std::ofstream configuration(folder_ / "data" / "postgresql.conf", std::ios::app);
  Settings all{{"wal_level", "logical"},
               {"listen_addresses", "'127.0.0.1'"},
               {"port", std::to_string(port_)},
               {"unix_socket_directories", "'" + folder_.string() + "'"},
               {"max_replication_slots", "500"},
               {"max_wal_senders", "50"},
               {"max_connections", "200"},
               {"fsync", "off"},
               {"max_wal_size", "'8GB'"},
               {"log_min_messages", "warning"},
               // In the cluster's folder, so that a kill -9 leaves nothing elsewhere.
               {"dynamic_shared_memory_type", "mmap"}};
  for (const auto& [name, value] : settings) all[name] = value;
  for (const auto& [name, value] : all) configuration << name << " = " << value << "\n";
  configuration.close();
  start();
  Sql(dsn("postgres")).run("create role relay login replication");
}

PostgresServer::~PostgresServer() {
  process_.reset();
  // After a kill -9 its interlock stays behind: line 7 of the lock file says "key id".
  std::ifstream lock_file(folder_ / "data" / "postmaster.pid");
  std::string line;
  for (int number = 1; number <= 7 && std::getline(lock_file, line); ++number) {
    if (number < 7) continue;
    std::istringstream words(line);
    long key = 0;
    int id = 0;
    if (words >> key >> id) shmctl(id, IPC_RMID, nullptr);
  }
}

void PostgresServer::start() {
  // After a kill the old children may hold the shared memory for a moment: then it is tried again.
  const bool answers = eventually(kPatience, [&] {
    if (!process_ || !process_->is_running()) {
      process_.emplace(
          Process::Options{.command = {binaries_ + "postgres", "-D", (folder_ / "data").string()},
                           .log = folder_ / "log",
                           .user = kUser,
                           .folder = folder_,
                           .end_signal = SIGQUIT});
    }
    try {
      Sql(dsn("postgres")).run("select 1");
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  });
  if (!answers) {
    throw std::runtime_error("Postgres did not start; see " + (folder_ / "log").string());
  }
}

void PostgresServer::stop_fast() {
  process_->signal(SIGINT);
  if (!process_->wait(kPatience)) throw std::runtime_error("Postgres did not stop");
  process_.reset();
}

void PostgresServer::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait(kPatience);
  process_.reset();
}

void PostgresServer::take_snapshot() {
  stop_fast();
  testing::run({"cp", "-a", (folder_ / "data").string(), (folder_ / "snapshot").string()});
  start();
}

void PostgresServer::restore_snapshot() {
  stop_fast();
  std::filesystem::remove_all(folder_ / "data");
  testing::run({"cp", "-a", (folder_ / "snapshot").string(), (folder_ / "data").string()});
  start();
}

void PostgresServer::become_standby() {
  stop_fast();
  testing::run({"touch", (folder_ / "data" / "standby.signal").string()}, kUser);
  start();
}

std::string PostgresServer::dsn(const std::string& database, const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database + " user=" + user;
}

void PostgresServer::create_database(const std::string& name) {
  Sql(dsn("postgres")).run("create database " + name);
}

void PostgresServer::set(const std::string& setting,
                         const std::optional<std::string>& value) const {
  Sql sql(dsn("postgres"));
  sql.run(value ? "alter system set " + setting + " = '" + *value + "'"
                : "alter system reset " + setting);
  sql.run("select pg_reload_conf()");
}

}  // namespace outrider::testing
