#include "samples/order/order_service.h"

#include "samples/order/migrations.h"
#include "samples/outbox/migration.h"
#include "samples/outbox/outbox.h"
#include "samples/service/fields.h"

#include <optional>
#include <utility>

namespace samples {
namespace {

using outbox::ErrorKind;
using outbox::failure;
using outbox::Result;
using outbox::Rows;
using outbox::Transaction;
using service::Answer;
using service::Call;
using service::Reply;

constexpr std::size_t kProductMost = 100;
constexpr std::int64_t kQuantityMost = 10'000;

struct Order {
  std::string id;
  std::string customer;
  std::string product;
  std::int64_t quantity = 0;
  std::string status = {};  // pending: the customer is not known yet | confirmed | cancelled
  std::int64_t version = 1;
};

nlohmann::json body_of(const Order& order) {
  return {{"id", order.id},           {"customerId", order.customer},
          {"product", order.product}, {"quantity", order.quantity},
          {"status", order.status},   {"version", order.version}};
}

/// Nothing if there is no such order.
Result<std::optional<Order>> find(Transaction& transaction, const std::string& id) {
  OUTRIDER_TRY(const Rows rows,
               transaction.run("select customer_id, product, quantity, status, version "
                               "from orders where id = $1",
                               {id}));
  if (rows.empty()) return std::nullopt;
  return Order{.id = id,
               .customer = rows.text(0, 0),
               .product = rows.text(0, 1),
               .quantity = rows.whole(0, 2),
               .status = rows.text(0, 3),
               .version = rows.whole(0, 4)};
}

Result<void> announce(Transaction& transaction, const std::string& type, const Order& order,
                      const Call& call) {
  nlohmann::json payload = body_of(order);
  payload["orderId"] = order.id;
  payload.erase("id");
  return outbox::write(transaction, {.aggregatetype = "order",
                                     .aggregateid = order.id,
                                     .type = type,
                                     .payload = std::move(payload),
                                     .traceparent = call.traceparent});
}

/// The order with its id and status, or nothing if there is one with that id already. It and the
/// event of its customer may be handled at the same moment, and neither see the other: serializable
/// transactions do not let both commit.
Result<std::optional<Order>> insert(Transaction& transaction, Order order) {
  OUTRIDER_TRY(const Rows known,
               transaction.run("select from customer where id = $1", {order.customer}));
  order.status = known.empty() ? "pending" : "confirmed";
  OUTRIDER_TRY(
      const Rows made,
      transaction.run(
          "insert into orders (id, customer_id, product, quantity, status, version) "
          "values (coalesce($1::uuid, gen_random_uuid()), $2, $3, $4, $5, $6) "
          "on conflict do nothing returning id",
          {order.id.empty() ? outbox::Parameter() : order.id, order.customer, order.product,
           std::to_string(order.quantity), order.status, std::to_string(order.version)}));
  if (made.empty()) return std::nullopt;
  order.id = made.text(0, 0);
  return order;
}

Answer no_such_order() { return service::not_found("There is no order with this id."); }

/// A field of an event that another service wrote.
Result<std::string> text_in(const nlohmann::json& payload, const char* name) {
  const auto found = payload.find(name);
  if (found != payload.end() && found->is_string()) return found->get<std::string>();
  return failure(ErrorKind::BadEvent, std::string("the event has no text \"") + name + "\"");
}

/// Keeps the newer of what is known and what the event says: an older event changes nothing.
Result<void> keep_customer(Transaction& transaction, const nlohmann::json& payload,
                           const char* email_field) {
  OUTRIDER_TRY(const std::string id, text_in(payload, "userId"));
  OUTRIDER_TRY(const std::string name, text_in(payload, "name"));
  OUTRIDER_TRY(const std::string email, text_in(payload, email_field));
  const auto version = payload.find("version");
  if (version == payload.end() || !version->is_number_integer()) {
    return failure(ErrorKind::BadEvent, "the event has no whole number \"version\"");
  }
  if (service::uuid_of(id).empty()) return failure(ErrorKind::BadEvent, "userId is no UUID");
  OUTRIDER_TRY(transaction.run(
      "insert into customer (id, name, email, version) values ($1, $2, $3, $4) "
      "on conflict (id) do update set name = excluded.name, email = excluded.email, "
      "version = excluded.version where customer.version < excluded.version",
      {id, name, email, version->dump()}));
  OUTRIDER_TRY(transaction.run(
      "update orders set status = 'confirmed' where customer_id = $1 and status = 'pending'",
      {id}));
  return {};
}

}  // namespace

Result<void> OrderService::migrate() {
  OUTRIDER_TRY(outbox::migrate_inbox(database_));
  return outbox::migrate(database_, order_migrations::kAll);
}

void OrderService::add_routes(service::HttpService& http) {
  http.post("/orders", [this](const Call& call) { return place(call); });
  http.get("/orders/{id}", [this](const Call& call) { return show(call); });
  http.post("/orders/{id}/cancel", [this](const Call& call) { return cancel(call); });
  http.get("/customers/{id}", [this](const Call& call) { return show_customer(call); });
}

void OrderService::add_handlers(outbox::Inbox& inbox) {
  inbox.on("user.created", [](Transaction& transaction, const nlohmann::json& payload) {
    return keep_customer(transaction, payload, "email");
  });
  inbox.on("user.email.changed", [](Transaction& transaction, const nlohmann::json& payload) {
    return keep_customer(transaction, payload, "newEmail");
  });
}

/// An order of a customer whom nobody has told us of yet is taken, and waits as pending. With an
/// `id` of the client a repeat after a lost answer finds what the first try made.
Answer OrderService::place(const Call& call) {
  service::Fields fields(call.body);
  const Order asked{.id = fields.optional_uuid("id"),
                    .customer = fields.uuid("customerId"),
                    .product = fields.text("product", kProductMost),
                    .quantity = fields.whole("quantity", 1, kQuantityMost)};
  if (std::string problems = fields.problems(); !problems.empty()) {
    return service::bad_request(std::move(problems));
  }
  std::optional<Order> made;
  std::optional<Order> existing;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(made, insert(transaction, asked));
    if (made) return announce(transaction, "order.created", *made, call);
    OUTRIDER_TRY(existing, find(transaction, asked.id));
    return {};
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  if (made) return Reply{201, body_of(*made)};
  const bool is_same = existing && existing->customer == asked.customer &&
                       existing->product == asked.product && existing->quantity == asked.quantity;
  if (!is_same) return service::conflict("Another order has this id.");
  return Reply{200, body_of(*existing)};
}

Answer OrderService::show(const Call& call) {
  const std::string id = service::uuid_of(call.id);
  if (id.empty()) return no_such_order();
  std::optional<Order> order;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(order, find(transaction, id));
    return {};
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  if (!order) return no_such_order();
  return Reply{200, body_of(*order)};
}

/// Cancelling twice is cancelling once.
Answer OrderService::cancel(const Call& call) {
  const std::string id = service::uuid_of(call.id);
  if (id.empty()) return no_such_order();
  std::optional<Order> order;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(order, find(transaction, id));
    if (!order || order->status == "cancelled") return {};
    order->status = "cancelled";
    ++order->version;
    OUTRIDER_TRY(transaction.run("update orders set status = $2, version = $3 where id = $1",
                                 {id, order->status, std::to_string(order->version)}));
    return announce(transaction, "order.cancelled", *order, call);
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  if (!order) return no_such_order();
  return Reply{200, body_of(*order)};
}

Answer OrderService::show_customer(const Call& call) {
  const std::string id = service::uuid_of(call.id);
  Answer answer = service::not_found("No event about this customer has arrived.");
  if (id.empty()) return answer;
  const Result<void> done = database_.transact([&](Transaction& transaction) -> Result<void> {
    OUTRIDER_TRY(const Rows rows,
                 transaction.run("select name, email, version from customer where id = $1", {id}));
    if (rows.empty()) return {};
    answer = Reply{200,
                   {{"id", id},
                    {"name", rows.text(0, 0)},
                    {"email", rows.text(0, 1)},
                    {"version", rows.whole(0, 2)}}};
    return {};
  });
  if (!done) return std::unexpected(service::problem_of(done.error()));
  return answer;
}

}  // namespace samples
