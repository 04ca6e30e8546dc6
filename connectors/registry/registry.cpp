#include "connectors/registry/registry.h"

#include "connectors/kafka/librdkafka_client.h"
#include "connectors/kafka/sink.h"
#include "connectors/postgres/libpq_connection.h"
#include "connectors/postgres/source.h"
#include "connectors/stdout/sink.h"

namespace outrider {
namespace {

/// Each operator() is one connector; std::visit refuses to compile if one is missing.
struct SourceFactory {
  std::unique_ptr<Source> operator()(const postgres::Options& options) const {
    return std::make_unique<postgres::PostgresSource>(
        options, std::make_unique<postgres::LibpqConnector>(options));
  }
};

struct SinkFactory {
  const PositionFormat& format;

  std::unique_ptr<Sink> operator()(const kafka::Options& options) const {
    return std::make_unique<kafka::KafkaSink>(options, format,
                                              std::make_unique<kafka::LibrdkafkaClient>(options));
  }
  std::unique_ptr<Sink> operator()(const standard_output::Options& options) const {
    return std::make_unique<standard_output::StdoutSink>(options);
  }
};

struct Kind {
  std::string_view operator()(const postgres::Options&) const { return "postgres"; }
  std::string_view operator()(const kafka::Options&) const { return "kafka"; }
  std::string_view operator()(const standard_output::Options&) const { return "stdout"; }
};

}  // namespace

std::string_view kind(const SourceOptions& options) { return std::visit(Kind{}, options); }
std::string_view kind(const SinkOptions& options) { return std::visit(Kind{}, options); }

std::unique_ptr<Source> make_source(const SourceOptions& options) {
  return std::visit(SourceFactory{}, options);
}

std::unique_ptr<Sink> make_sink(const SinkOptions& options, const PositionFormat& format) {
  return std::visit(SinkFactory{format}, options);
}

}  // namespace outrider
