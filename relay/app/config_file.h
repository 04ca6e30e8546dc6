// From the configuration file to a complete and checked Config; used by every command.
#pragma once

#include "config/interpolation.h"
#include "config/report.h"
#include "relay/app/pipeline_config.h"

#include <optional>
#include <string>

namespace outrider::app {

/// Reads the file `report.file()`, fills in what follows from other keys and checks the whole. No
/// value if there is any problem; all of them are in the report.
std::optional<Config> load_config(config::Report& report);

/// The same of a text in memory.
std::optional<Config> parse_config(const std::string& text,
                                   const config::Surroundings& surroundings,
                                   config::Report& report);

/// Which file to read: `wanted` unless empty, $OUTRIDER_CONFIG, ./outrider.yaml if it is there, or
/// /etc/outrider/outrider.yaml.
std::string config_path(const std::string& wanted);

}  // namespace outrider::app
