// Looks at a cluster as a relay would find it. Used by `outrider check --connect`.
#pragma once

#include "connectors/finding.h"
#include "connectors/kafka/options.h"

#include <functional>
#include <string>
#include <vector>

namespace outrider::kafka {

/// Which topics events go to.
struct EventTopics {
  std::vector<std::string> names = {};  ///< Looked at, whether they exist or not.
  /// Of those that exist, looked at too.
  std::function<bool(const std::string& topic)> fits = [](const std::string&) { return false; };
};

/// Blocks, for seconds where all is well. Writes no record and makes no topic; in exactly_once the
/// cluster comes to know a transactional id `<identity>/check`, which it forgets by itself. A
/// cluster that cannot be asked is a finding.
Examination examine_cluster(const Options& options, const EventTopics& topics);

}  // namespace outrider::kafka
