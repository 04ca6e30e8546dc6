// Everything that is wrong with a configuration, all at once; filled while reading and by the
// checks after it, printed by the commands.
#pragma once

#include "config/node.h"
#include "config/origins.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider::config {

/// `path` names a key from the root: `pipelines.orders.sink`, `tables[2]`; empty: the whole file.
struct Problem {
  Place place;
  std::string path;
  std::string what;
};

/// The problems of one file. Values of secrets are never part of them.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  /// A problem at a place that is known.
  void add(Place place, std::string path, std::string what);
  /// A problem of a key that may not stand in the file: it is placed at the nearest key around it
  /// that does.
  void about(const std::string& path, std::string what);
  /// Notes where a key stands, for about() and for origins().
  void remember(const std::string& path, Place place) { origins_.remember(path, place); }
  /// Notes what the value of a key refers to.
  void refer(const std::string& path, std::string reference) {
    origins_.refer(path, std::move(reference));
  }
  const Origins& origins() const { return origins_; }

  /// True if there is a problem of that key or of one below it.
  bool mentions(const std::string& path) const;

  bool ok() const { return problems_.empty(); }
  /// In the order of the file.
  const std::vector<Problem>& problems() const { return problems_; }
  const std::string& file() const { return file_; }
  /// One line `file:line:col: key.path: what is wrong` for each problem, each ended by a newline.
  std::string text() const;

 private:
  std::string file_;
  std::vector<Problem> problems_;
  Origins origins_;
};

/// `parent.key`, or `key` at the root.
std::string join_path(std::string_view parent, std::string_view key);

}  // namespace outrider::config
