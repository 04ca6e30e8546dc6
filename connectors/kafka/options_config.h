// The field table of the Kafka sink's options; used by relay/app.
#pragma once

#include "config/section.h"
#include "connectors/kafka/options.h"

namespace outrider::kafka {

void describe(config::Section<Tls>& section);
void describe(config::Section<Sasl>& section);
/// Fills what stands under `sink.kafka`; identity and delivery come from the pipeline.
void describe(config::Section<Options>& section);

}  // namespace outrider::kafka
