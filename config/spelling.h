// Finds what was meant by a misspelt word; used for keys and for the names of choices.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::config {

/// The known word nearest to `word`, if it is near enough to be meant: at most a third of the
/// letters wrong, missing, added or swapped with their neighbour.
std::optional<std::string> did_you_mean(std::string_view word,
                                        const std::vector<std::string>& known);

/// `, `-separated.
std::string list_words(const std::vector<std::string>& words);

}  // namespace outrider::config
