// The configuration as it counts, with every default and where each value comes from, without
// secrets; used by `outrider config print`. Pure but for the parser of dsns.
#pragma once

#include "config/effective.h"
#include "config/report.h"
#include "relay/app/pipeline_config.h"

#include <string>
#include <vector>

namespace outrider::app {

/// Every key of the field tables with its value. Of a dsn all but its passwords show, of the
/// properties of librdkafka those that cannot be secret, of other secrets nothing.
std::vector<config::EffectiveValue> effective_config(const Config& config);

/// A configuration file that says the same, but for secrets; the origins as comments, what is not
/// set as comments too. `read` is the report of its reading.
std::string effective_yaml(const std::vector<config::EffectiveValue>& values,
                           const config::Report& read);

/// One object: by the path of each key its value, and its origins as texts.
std::string effective_json(const std::vector<config::EffectiveValue>& values,
                           const config::Report& read);

}  // namespace outrider::app
