// The connectors that a configuration can ask for; used by relay/app.
#pragma once

#include "connectors/kafka/options.h"
#include "connectors/postgres/options.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "connectors/stdout/options.h"

#include <memory>
#include <string_view>
#include <variant>

namespace outrider {

/// One alternative per connector: a new one is a line here and a line in registry.cpp.
using SourceOptions = std::variant<postgres::Options>;
using SinkOptions = std::variant<kafka::Options, standard_output::Options>;

/// The connector's name in the configuration: postgres; kafka, stdout.
std::string_view kind(const SourceOptions& options);
std::string_view kind(const SinkOptions& options);

/// Connects to nothing yet.
std::unique_ptr<Source> make_source(const SourceOptions& options);

/// `format` stores the positions of the source that the sink works with, and must outlive the sink.
std::unique_ptr<Sink> make_sink(const SinkOptions& options, const PositionFormat& format);

}  // namespace outrider
