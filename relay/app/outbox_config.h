// The field table of the outbox options; used by pipeline_config.cpp.
#pragma once

#include "config/section.h"
#include "relay/core/outbox_options.h"

#include <optional>
#include <string>
#include <string_view>

namespace outrider {

/// Fills what stands under `outbox`; the tables come from the source.
void describe(config::Section<OutboxOptions>& section);
void describe(config::Section<OutboxColumns>& section);

/// `column:placement` or `column:placement:alias`; returns what is wrong, if anything.
std::optional<std::string> from_text(std::string_view text, AdditionalColumn& column);
std::string to_text(const AdditionalColumn& column);

}  // namespace outrider
