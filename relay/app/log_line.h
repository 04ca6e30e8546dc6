// How a log line looks; used by the log.
#pragma once

#include "relay/app/repeat_filter.h"
#include "relay/base/time.h"

#include <string>
#include <string_view>

namespace outrider::app {

/// The severity as one lower-case word: debug, info, warning, error.
std::string_view to_string(Notice::Severity severity);

/// UTC as RFC 3339 with microseconds: "2026-01-02T03:04:05.678901Z".
std::string to_rfc3339(WallTime time);

/// "2026-01-02T03:04:05.678901Z warning [orders] text (3 times); hint: …". Control characters are
/// escaped: a line stays one line, and no server can steer a terminal.
std::string format_text(const Line& line, WallTime time);

/// One JSON object {"ts","level","msg","pipeline","hint","times"}; the last three only if there is
/// something to say. Bytes that are no UTF-8 are replaced.
std::string format_json(const Line& line, WallTime time);

}  // namespace outrider::app
