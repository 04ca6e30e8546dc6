// What the stdout sink can be told; filled by relay/app, read by the sink.
#pragma once

namespace outrider::standard_output {

struct Options {
  /// The descriptor that lines are written to; borrowed.
  int descriptor = 1;
};

}  // namespace outrider::standard_output
