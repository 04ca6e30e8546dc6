#include "samples/outbox/outbox.h"

namespace outbox {
namespace {

// UUIDv7, see RFC 9562, section 5.7: milliseconds first, so that new rows lie together in the
// index. Postgres has uuidv7() from 18 on.
constexpr const char* kInsert =
    "insert into outbox (id, aggregatetype, aggregateid, type, payload, traceparent) values ("
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing "
    "substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) "
    "from 1 for 6), 52, 1), 53, 1), 'hex')::uuid, $1, $2, $3, $4::jsonb, $5)";

}  // namespace

Result<void> write(Transaction& transaction, const Event& event) {
  const Parameter traceparent =
      event.traceparent.empty() ? Parameter() : Parameter(event.traceparent);
  OUTRIDER_TRY(transaction.run(kInsert, {event.aggregatetype, event.aggregateid, event.type,
                                         event.payload.dump(), traceparent}));
  return {};
}

}  // namespace outbox
