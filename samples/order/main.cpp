// The order service: orders, and its own copy of the customers.
#include "samples/order/order_service.h"
#include "samples/outbox/consumer.h"
#include "samples/service/environment.h"

namespace {

constexpr const char* kName = "order_service";

std::string label_of(outbox::Handled handled) {
  switch (handled) {
    case outbox::Handled::Now:
      return "handled";
    case outbox::Handled::Before:
      return "repeated";
    case outbox::Handled::Ignored:
      return "ignored";
    case outbox::Handled::Parked:
      return "parked";
  }
  return "";
}

outrider::Result<void> serve(const std::vector<std::string>& values) {
  outbox::Database database(values[0]);
  samples::OrderService orders(database);
  OUTRIDER_TRY(orders.migrate());
  service::HttpService http(database);
  orders.add_routes(http);
  outbox::Inbox inbox(database, kName);
  orders.add_handlers(inbox);
  auto& consumed = prometheus::BuildCounter()
                       .Name("events_consumed_total")
                       .Help("Events by what became of them: handled, repeated, ignored, parked")
                       .Register(http.metrics());
  OUTRIDER_TRY(
      const auto consumer,
      outbox::Consumer::start({.bootstrap_servers = values[2],
                               .group = kName,
                               .topics = {"outbox.event.user"},
                               .done =
                                   [&](const outbox::Message&, outbox::Handled handled) {
                                     consumed.Add({{"outcome", label_of(handled)}}).Increment();
                                   },
                               .log = service::log},
                              inbox));
  return service::serve_until_signal(http, values[1]);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const service::Program program = {
      .name = kName,
      .summary = "Orders over HTTP; every change is an event. Knows users by their events only.",
      .variables = {
          {"DATABASE_URL", "Postgres with orders and their outbox", ""},
          {"LISTEN", "host:port to serve HTTP on", "127.0.0.1:8082"},
          {"KAFKA_BOOTSTRAP_SERVERS", "brokers to read the users' events from", "127.0.0.1:9092"}}};
  return service::run(argument_count, arguments, program, serve);
}
