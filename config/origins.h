// Where the values of a configuration come from: noted while it is read; used to place problems
// (report.h) and to explain values to people (`outrider config print`).
#pragma once

#include "config/node.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace outrider::config {

struct Origin {
  Place place;
  /// What was asked of the world around the file: "env PGHOST", "file /run/secrets/dsn".
  std::vector<std::string> references = {};
};

/// By the path of the key. What the file does not name has no origin: it is a default.
class Origins {
 public:
  void remember(const std::string& path, Place place) { by_path_[path].place = place; }
  void refer(const std::string& path, std::string reference) {
    by_path_[path].references.push_back(std::move(reference));
  }

  /// Null if the file does not name it. Lives until the next change.
  const Origin* find(const std::string& path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Origin> by_path_;
};

}  // namespace outrider::config
