#include "connectors/postgres/warning_buffer.h"

#include "connectors/postgres/sqlstate.h"

#include <utility>

namespace outrider::postgres {
namespace {

constexpr std::size_t kWarningsMax = 64;
constexpr std::size_t kOfSkippedRowsMax = 16;

}  // namespace

void WarningBuffer::add(Error warning) {
  if (sqlstate_of(warning) == kNotInPrerequisiteState) {
    if (of_skipped_rows_ >= kOfSkippedRowsMax) return;
    ++of_skipped_rows_;
    warnings_.push_back(std::move(warning.what));
    return;
  }
  if (ordinary_ >= kWarningsMax) return;
  ++ordinary_;
  warnings_.push_back(ordinary_ == kWarningsMax ? "further warnings of the server are left out"
                                                : std::move(warning.what));
}

std::vector<std::string> WarningBuffer::take() {
  ordinary_ = 0;
  of_skipped_rows_ = 0;
  return std::exchange(warnings_, {});
}

}  // namespace outrider::postgres
