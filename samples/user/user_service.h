// Users: who they are and their e-mail address. The only place that changes them.
#pragma once

#include "samples/outbox/database.h"
#include "samples/service/http_service.h"

#include <string>

namespace samples {

class UserService {
 public:
  explicit UserService(outbox::Database& database) : database_(database) {}

  /// The service's own tables; the outbox is made by `outrider setup`.
  outbox::Result<void> migrate();
  void add_routes(service::HttpService& http);

  // Each is one request: the state and the event in one transaction.
  service::Answer create(const service::Call& call);
  service::Answer show(const service::Call& call);
  service::Answer change_email(const service::Call& call);

 private:
  outbox::Database& database_;
};

}  // namespace samples
