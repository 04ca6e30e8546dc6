// Orders, and a copy of the customers they need. Learns of users by their events only.
#pragma once

#include "samples/outbox/database.h"
#include "samples/outbox/inbox.h"
#include "samples/service/http_service.h"

namespace samples {

class OrderService {
 public:
  explicit OrderService(outbox::Database& database) : database_(database) {}

  /// The service's own tables; the outbox is made by `outrider setup`.
  outbox::Result<void> migrate();
  void add_routes(service::HttpService& http);
  /// What it does with the events of the user service.
  void add_handlers(outbox::Inbox& inbox);

  // Each is one request: the state and the event in one transaction.
  service::Answer place(const service::Call& call);
  service::Answer show(const service::Call& call);
  service::Answer cancel(const service::Call& call);
  service::Answer show_customer(const service::Call& call);

 private:
  outbox::Database& database_;
};

}  // namespace samples
