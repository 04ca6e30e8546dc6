// `outrider version`; used by the command line.
#pragma once

namespace outrider::app {

enum class VersionFormat { Text, Json };

/// Prints what this binary was built from.
int version_command(VersionFormat format);

}  // namespace outrider::app
