#include "samples/user/user_service.h"

#include "samples/outbox/migration.h"
#include "samples/outbox/outbox.h"
#include "samples/service/fields.h"
#include "samples/user/migrations.h"

#include <optional>
#include <utility>

namespace samples {
namespace {

using outbox::Result;
using outbox::Rows;
using outbox::Transaction;
using service::Answer;
using service::Call;
using service::Reply;

constexpr std::size_t kNameMost = 200;

struct User {
  std::string id;
  std::string name;
  std::string email;
  std::int64_t version = 0;
};

nlohmann::json body_of(const User& user) {
  return {{"id", user.id}, {"name", user.name}, {"email", user.email}, {"version", user.version}};
}

/// Nothing if there is no such user.
Result<std::optional<User>> find(Transaction& transaction, const std::string& id) {
  OUTRIDER_TRY(const Rows rows,
               transaction.run("select name, email, version from users where id = $1", {id}));
  if (rows.empty()) return std::nullopt;
  return User{
      .id = id, .name = rows.text(0, 0), .email = rows.text(0, 1), .version = rows.whole(0, 2)};
}

/// The user with its id, or nothing if there is one with that id already.
Result<std::optional<User>> insert(Transaction& transaction, User user) {
  OUTRIDER_TRY(const Rows made,
               transaction.run("insert into users (id, name, email, version) "
                               "values (coalesce($1::uuid, gen_random_uuid()), $2, $3, $4) "
                               "on conflict do nothing returning id",
                               {user.id.empty() ? outbox::Parameter() : user.id, user.name,
                                user.email, std::to_string(user.version)}));
  if (made.empty()) return std::nullopt;
  user.id = made.text(0, 0);
  return user;
}

/// Every event carries the whole user, so that a consumer can keep a copy from any one of them.
Result<void> announce(Transaction& transaction, const std::string& type, const User& user,
                      const Call& call) {
  nlohmann::json payload = {{"userId", user.id}, {"name", user.name}, {"version", user.version}};
  payload[type == "user.email.changed" ? "newEmail" : "email"] = user.email;
  return outbox::write(transaction, {.aggregatetype = "user",
                                     .aggregateid = user.id,
                                     .type = type,
                                     .payload = std::move(payload),
                                     .traceparent = call.traceparent});
}

Answer no_such_user() { return service::not_found("There is no user with this id."); }

}  // namespace

Result<void> UserService::migrate() { return outbox::migrate(database_, user_migrations::kAll); }

void UserService::add_routes(service::HttpService& http) {
  http.post("/users", [this](const Call& call) { return create(call); });
  http.get("/users/{id}", [this](const Call& call) { return show(call); });
  http.patch("/users/{id}/email", [this](const Call& call) { return change_email(call); });
}

/// With an `id` of the client a repeat after a lost answer finds what the first try made.
/// With an `id` of the client a repeat after a lost answer finds what the first try made.
Answer UserService::create(const Call& call) {
  service::Fields fields(call.body);
  const User asked{.id = fields.optional_uuid("id"),
                   .name = fields.text("name", kNameMost),
                   .email = fields.email("email"),
                   .version = 1};
  if (std::string problems = fields.problems(); !problems.empty()) {
    return service::bad_request(std::move(problems));
  }
  std::optional<User> made;
  std::optional<User> existing;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(made, insert(transaction, asked));
    if (made) return announce(transaction, "user.created", *made, call);
    OUTRIDER_TRY(existing, find(transaction, asked.id));
    return {};
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  if (made) return Reply{201, body_of(*made)};
  // Its e-mail may have been changed since.
  const bool is_same = existing && existing->name == asked.name &&
                       (existing->email == asked.email || existing->version > 1);
  if (!is_same) return service::conflict("Another user has this id.");
  return Reply{200, body_of(*existing)};
}

Answer UserService::show(const Call& call) {
  const std::string id = service::uuid_of(call.id);
  if (id.empty()) return no_such_user();
  std::optional<User> user;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(user, find(transaction, id));
    return {};
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  if (!user) return no_such_user();
  return Reply{200, body_of(*user)};
}

Answer UserService::change_email(const Call& call) {
  const std::string id = service::uuid_of(call.id);
  service::Fields fields(call.body);
  const std::string email = fields.email("email");
  if (std::string problems = fields.problems(); !problems.empty()) {
    return service::bad_request(std::move(problems));
  }
  if (id.empty()) return no_such_user();
  std::optional<User> user;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(user, find(transaction, id));
    if (!user || user->email == email) return {};
    user->email = email;
    ++user->version;
    OUTRIDER_TRY(transaction.run("update users set email = $2, version = $3 where id = $1",
                                 {id, email, std::to_string(user->version)}));
    return announce(transaction, "user.email.changed", *user, call);
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  if (!user) return no_such_user();
  return Reply{200, body_of(*user)};
}

}  // namespace samples
