#include "config/report.h"

#include "relay/base/one_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace outrider::config {

void Report::add(Place place, std::string path, std::string what) {
  const auto at = std::ranges::upper_bound(problems_, place, {}, &Problem::place);
  problems_.insert(at, Problem{place, std::move(path), std::move(what)});
}

void Report::about(const std::string& path, std::string what) {
  std::string near = path;
  while (!near.empty() && origins_.find(near) == nullptr) {
    const std::size_t cut = near.find_last_of(".[");
    near.resize(cut == std::string::npos ? 0 : cut);
  }
  const Origin* const found = origins_.find(near);
  add(found == nullptr ? Place{1, 1} : found->place, path, std::move(what));
}

bool Report::mentions(const std::string& path) const {
  return std::ranges::any_of(problems_, [&](const Problem& problem) {
    const bool below = problem.path.starts_with(path + ".") || problem.path.starts_with(path + "[");
    return below || problem.path == path;
  });
}

std::string Report::text() const {
  std::string lines;
  for (const Problem& problem : problems_) {
    lines += file_;
    if (problem.place.line > 0) {
      fmt::format_to(std::back_inserter(lines), ":{}:{}", problem.place.line, problem.place.column);
    }
    if (!problem.path.empty()) lines += ": " + in_one_line(problem.path);
    lines += ": " + in_one_line(problem.what) + "\n";
  }
  return lines;
}

std::string join_path(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

}  // namespace outrider::config
