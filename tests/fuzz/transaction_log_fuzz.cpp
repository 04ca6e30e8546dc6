// Input: the value of a record in the transaction coordinator's log.
#include "connectors/kafka/transaction_log.h"
#include "tests/fuzz/fuzz_input.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using namespace std::string_view_literals;
  constexpr auto kKey = "\0\0\0\1a"sv;
  constexpr auto kOngoing = "\0\1\0\0\0\0\0\0\0\7\0\0\0\0\xEA\x60\1\0"sv;
  const std::string_view input = fuzz::text_of(data, size);
  kafka::LastTransaction last("a");
  last.note(input, input);
  OUTRIDER_ASSERT(!last.is_committed() || input.starts_with(kKey),
                  "records of others do not count");
  last.note(kKey, input);
  OUTRIDER_ASSERT(!last.is_committed() || size >= kOngoing.size() - 1,
                  "a record that ends before its state proves nothing");
  last.note(kKey, kOngoing);
  OUTRIDER_ASSERT(!last.is_committed(), "a transaction that began later is not committed");
  return 0;
}
