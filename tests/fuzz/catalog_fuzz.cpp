// Input: the answer of the server to the query for facts, or for what setup noted.
#include "connectors/postgres/catalog.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string_view json = fuzz::text_of(data, size);
  if (const auto facts = postgres::parse_facts(json); !facts) {
    fuzz::check_error(facts.error(), ErrorKind::Interrupted);
  }
  if (const auto setup = postgres::parse_setup(json); !setup) {
    fuzz::check_error(setup.error(), ErrorKind::Interrupted);
  }
  return 0;
}
