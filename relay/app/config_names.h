// Which names and addresses a configuration may use, and the names that follow from others; used by
// pipeline_config.cpp and config_file.cpp. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outrider::app {

/// Each says what is wrong, if anything.
std::optional<std::string> check_pipeline_name(const std::string& name);
/// What parse_listen_address() reads, or empty.
std::optional<std::string> check_listen_address(const std::string& address);
/// A Kafka topic that is not one of Kafka's own.
std::optional<std::string> check_topic_name(const std::string& name);

/// `outrider_<pipeline>`, other characters as `_`.
std::string default_slot(std::string_view pipeline);
/// `outrider.<database>.<slot>`, characters that no topic may have as `_`.
std::string default_identity(std::string_view database, std::string_view slot);

}  // namespace outrider::app
