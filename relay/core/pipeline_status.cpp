#include "relay/core/pipeline_status.h"

#include "relay/base/assert.h"

namespace outrider {

std::string_view to_string(PipelineState state) {
  switch (state) {
    case PipelineState::Starting:
      return "starting";
    case PipelineState::Standby:
      return "standby";
    case PipelineState::Streaming:
      return "streaming";
    case PipelineState::Retrying:
      return "retrying";
    case PipelineState::Draining:
      return "draining";
    case PipelineState::Halted:
      return "halted";
    case PipelineState::Stopped:
      return "stopped";
  }
  OUTRIDER_ASSERT(false, "pipeline state out of range");
}

}  // namespace outrider
