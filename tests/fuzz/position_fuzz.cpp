// Input: a stored position of a Postgres source.
#include "connectors/postgres/position.h"
#include "tests/fuzz/fuzz_input.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const postgres::PostgresPositionFormat format;
  const Result<Position> position = format.from_json(fuzz::text_of(data, size));
  if (!position) {
    fuzz::check_error(position.error(), ErrorKind::Refused);
    return 0;
  }
  // A part that is "none" is not written, whatever else it says: so the text is the fixed point.
  const std::string stored = format.to_json(*position);
  const Result<Position> again = format.from_json(stored);
  OUTRIDER_ASSERT(again.has_value(), "what was stored can be read");
  OUTRIDER_ASSERT(format.to_json(*again) == stored, "a position stored twice is the same");
  return 0;
}
