// The field table of the outbox options; used by pipeline_config.cpp.
#pragma once

#include "config/section.h"
#include "relay/core/outbox_options.h"

namespace outrider {

/// Fills what stands under `outbox`; the tables come from the source.
void describe(config::Section<OutboxOptions>& section);
void describe(config::Section<OutboxColumns>& section);

}  // namespace outrider
