#include "connectors/postgres/setup/slot_advance.h"

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/setup/blocking_session.h"

#include <string>

namespace outrider::postgres {

Result<void> advance_slot(const Options& options, Lsn to) {
  const std::string act = "advance slot \"" + options.slot + "\" to " + to_string(to);
  BlockingSession session(options);
  if (Result<void> connected = session.connect(); !connected) {
    return std::unexpected(std::move(connected.error()).within(act));
  }
  const Result<Rows> advanced =
      session.query("select pg_replication_slot_advance(" + quote_literal(options.slot) + ", " +
                    quote_literal(to_string(to)) + ")");
  if (advanced) return {};
  return std::unexpected(Error(advanced.error()).within(act));
}

}  // namespace outrider::postgres
