// The value of a record in the checkpoint topic. Pure. Used by the Kafka sink.
#pragma once

#include "connectors/position.h"
#include "relay/base/error.h"

#include <string>
#include <string_view>

namespace outrider::kafka {

/// {"format":1,"delivery":"exactly_once","clean":true,"generation":7,"version":"0.1.0",
/// "position":{…}}: short ASCII JSON.
std::string write_checkpoint(const Checkpoint& checkpoint, const PositionFormat& format);

/// Reads what this or the previous release wrote. Refused otherwise.
Result<Checkpoint> read_checkpoint(std::string_view record, const PositionFormat& format);

}  // namespace outrider::kafka
