// The texts behind /livez, /readyz and /status; used by the HTTP server.
#pragma once

#include "relay/app/snapshot.h"
#include "relay/base/time.h"

#include <string>
#include <vector>

namespace outrider::app {

/// What a health question is answered with.
struct Health {
  bool good = false;
  std::string text;  ///< One line "ok" or "failed", or a line per pipeline; ends in a newline.
};

enum class Detail { Brief, Verbose };

/// Good while every event loop turned within the last 30 s. Never looks at servers: a restart would
/// not mend them.
Health liveness(const std::vector<Snapshot>& snapshots, TimePoint now);

/// Good while every pipeline streams or stands by. Verbose: "[+]orders ok: streaming" or
/// "[-]orders failed: reason" per pipeline.
Health readiness(const std::vector<Snapshot>& snapshots, Detail detail);

/// All of the snapshots as one JSON object, positions as Postgres writes them ("0/16B3748"), what
/// is not known as null.
std::string status_json(const std::vector<Snapshot>& snapshots, Now now, WallTime started_at);

/// The build as one JSON object.
std::string version_json();

}  // namespace outrider::app
