#include "tests/support/pooler.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

// It refuses to run as root.
const std::string kUser = "postgres";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

}  // namespace

Pooler::Pooler(const Options& options) : port_(free_port()) {
  std::filesystem::create_directories(options.folder);
  const std::filesystem::path file = options.folder / "pgbouncer.ini";
  const std::filesystem::path log = options.folder / "log";
  std::ofstream(file) << "[databases]\n* = host=127.0.0.1 port=" << options.postgres_port
                      << " user=relay\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = "
                      << port_ << "\nunix_socket_dir =\nauth_type = any\n"
                      << "ignore_startup_parameters = " << options.ignored_parameters << "\n";
  const bool is_root = geteuid() == 0;
  process_.emplace(Process::Options{.command = {"/usr/sbin/pgbouncer", file.string()},
                                    .log = log,
                                    .user = is_root ? kUser : "",
                                    .folder = options.folder});
  const std::string address = "host=127.0.0.1 port=" + std::to_string(port_);
  const bool ready = eventually(30s, [&] {
    return !process_->is_running() || PQping(address.c_str()) != PQPING_NO_RESPONSE;
  });
  if (ready && process_->is_running()) return;
  throw std::runtime_error("pgbouncer did not start (is the package installed?):\n" + text_of(log));
}

}  // namespace outrider::testing
