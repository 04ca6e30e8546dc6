// The user service: users and their e-mail addresses.
#include "samples/service/environment.h"
#include "samples/user/user_service.h"

namespace {

outrider::Result<void> serve(const std::vector<std::string>& values) {
  outbox::Database database(values[0]);
  samples::UserService users(database);
  OUTRIDER_TRY(users.migrate());
  service::HttpService http(database);
  users.add_routes(http);
  return service::serve_until_signal(http, values[1]);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const service::Program program = {
      .name = "user_service",
      .summary = "Users and their e-mail addresses, over HTTP; every change is an event.",
      .variables = {{"DATABASE_URL", "Postgres with users and their outbox", ""},
                    {"LISTEN", "host:port to serve HTTP on", "127.0.0.1:8081"}}};
  return service::run(argument_count, arguments, program, serve);
}
