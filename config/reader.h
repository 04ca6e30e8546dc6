// One reading of one file: takes text out of nodes and reports what does not fit. Used by
// read_value.h and section.h.
#pragma once

#include "config/interpolation.h"
#include "config/node.h"
#include "config/report.h"

#include <optional>
#include <string>
#include <vector>

namespace outrider::config {

/// A node with its path. A view.
struct Spot {
  const Node& node;
  const std::string& path;
  bool secret = false;
};

class Reader {
 public:
  Reader(Report& report, const Surroundings& surroundings)
      : report_(report), surroundings_(surroundings) {}

  /// The text of a scalar with all references resolved; none if that failed, which is reported.
  std::optional<std::string> text(const Spot& spot);

  /// The same as a list or a map; a map may also be left empty. Null if it is something else.
  const Node* list(const Spot& spot);
  const Node* map(const Spot& spot);

  void problem(const Spot& spot, std::string what);
  /// `expected`, followed by what was found there unless it is a secret, and by the choice that was
  /// probably meant.
  void mismatch(const Spot& spot, const std::string& expected,
                const std::vector<std::string>& choices = {});
  void unknown_key(const Entry& entry, const std::string& path,
                   const std::vector<std::string>& known);

  Report& report() { return report_; }

 private:
  /// The surroundings; what is asked of them is noted as an origin of the key.
  Surroundings noting(const std::string& path);

  Report& report_;
  const Surroundings& surroundings_;
};

}  // namespace outrider::config
