// Reads a whole configuration file into a struct with a field table; used by relay/app.
#pragma once

#include "config/interpolation.h"
#include "config/node.h"
#include "config/report.h"
#include "config/section.h"

#include <optional>
#include <string>

namespace outrider::config {

/// The tree of a file; none, with the reason in the report, if there is nothing to go on with.
std::optional<Node> read_document_file(const std::string& path, Report& report);
/// The same of a text in memory.
std::optional<Node> read_document(const std::string& text, Report& report);

/// Fills a T, from its own defaults, with what the tree says. All problems are in the report; the
/// value is only good if there are none.
template <typename T>
T fill(const Node& root, const Surroundings& surroundings, Report& report) {
  T value{};
  Reader reader(report, surroundings);
  read_described(reader, Spot{root, ""}, value);
  return value;
}

}  // namespace outrider::config
