// A record as one line of JSON; pure. Used by the stdout sink.
#pragma once

#include "connectors/record.h"

#include <string>

namespace outrider::standard_output {

/// Appends {"topic","key","value","headers":[{"name","value"}],"timestamp_us"} and a newline.
/// `key`, `value` and a header's value are null where the record has none. Bytes that are no UTF-8
/// appear in base64 under the same name with "_base64" behind it.
void append_line(const Record& record, std::string& out);

}  // namespace outrider::standard_output
