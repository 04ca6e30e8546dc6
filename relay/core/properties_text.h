// The text form of java.util.Properties, in which Debezium's libraries store a trace context; pure.
// Used by the mapper.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider {

/// Appends the entries in their order (see Java, Properties.load: comments, separators, escapes,
/// lines that go on). What is no legal escape stands for itself: a trace is no reason to lose an
/// event.
void read_properties(std::string_view text, std::vector<std::pair<std::string, std::string>>& into);

}  // namespace outrider
