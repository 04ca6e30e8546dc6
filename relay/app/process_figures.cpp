#include "relay/app/process_figures.h"

#include "relay/app/clock.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace outrider::app {
namespace {

double seconds(timeval time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Field 22 of /proc/self/stat: start of the process in clock ticks since the machine started; the
/// command in field 2 may hold blanks, so fields are counted from its closing parenthesis.
WallTime read_start() {
  std::ifstream stat_file("/proc/self/stat");
  std::string stat{std::istreambuf_iterator<char>(stat_file), {}};
  std::ifstream uptime_file("/proc/uptime");
  double uptime = 0;
  const std::size_t command_end = stat.rfind(')');
  if (command_end == std::string::npos || !(uptime_file >> uptime)) return wall_now();
  std::istringstream fields(stat.substr(command_end + 1));
  std::string field;
  for (int number = 3; number <= 21; ++number) fields >> field;
  double start_ticks = 0;
  if (!(fields >> start_ticks)) return wall_now();
  const double age = uptime - start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  return wall_now() - std::chrono::milliseconds(static_cast<std::int64_t>(age * 1000));
}

std::uint64_t count_entries(const char* directory) {
  std::error_code failed;
  std::uint64_t count = 0;
  auto entry = std::filesystem::directory_iterator(directory, failed);
  while (!failed && entry != std::filesystem::directory_iterator()) {
    ++count;
    entry.increment(failed);
  }
  return count;
}

}  // namespace

ProcessFigures process_figures() {
  static const WallTime started_at = read_start();
  ProcessFigures figures{.started_at = started_at};
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  std::ifstream memory("/proc/self/statm");
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  if (memory >> virtual_pages >> resident_pages) {
    figures.virtual_bytes = virtual_pages * page;
    figures.resident_bytes = resident_pages * page;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.descriptors_max = limit.rlim_cur;
  figures.open_descriptors = count_entries("/proc/self/fd");
  figures.threads = count_entries("/proc/self/task");
  return figures;
}

}  // namespace outrider::app
