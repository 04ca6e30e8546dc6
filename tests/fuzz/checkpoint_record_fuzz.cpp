// Input: the value of a record in the checkpoint topic.
#include "connectors/kafka/checkpoint_record.h"
#include "connectors/postgres/position.h"
#include "tests/fuzz/fuzz_input.h"

#include <algorithm>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const postgres::PostgresPositionFormat format;
  const Result<Checkpoint> read = kafka::read_checkpoint(fuzz::text_of(data, size), format);
  if (!read) {
    fuzz::check_error(read.error(), ErrorKind::Refused);
    return 0;
  }
  const std::string stored = kafka::write_checkpoint(*read, format);
  const bool ascii = std::ranges::all_of(stored, [](char c) { return c >= ' ' && c <= '~'; });
  OUTRIDER_ASSERT(ascii, "a checkpoint record is printable ASCII");
  const Result<Checkpoint> again = kafka::read_checkpoint(stored, format);
  OUTRIDER_ASSERT(again.has_value(), "what was written can be read");
  OUTRIDER_ASSERT(again->written_by == read->written_by && again->clean == read->clean &&
                      again->generation == read->generation,
                  "a checkpoint survives being written");
  OUTRIDER_ASSERT(kafka::write_checkpoint(*again, format) == stored,
                  "a checkpoint written twice is the same");
  return 0;
}
