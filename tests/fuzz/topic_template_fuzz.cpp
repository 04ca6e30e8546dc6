// Input: a topic template, and after the first line's end the aggregate type of a row.
#include "connectors/kafka/topic_name.h"
#include "relay/core/topic_template.h"
#include "tests/fuzz/fuzz_input.h"

#include <array>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string_view input = fuzz::text_of(data, size);
  const std::size_t end = input.find('\n');
  const std::string_view text = input.substr(0, end);
  const std::string_view aggregatetype =
      end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
  // The configuration takes no text with one.
  if (fuzz::has_zero_byte(text)) return 0;
  const Result<TopicTemplate> parsed = TopicTemplate::parse(text);
  if (!parsed) {
    fuzz::check_error(parsed.error(), ErrorKind::Misconfigured);
    return 0;
  }
  std::string topic;
  const Result<void> expanded = parsed->expand(std::array{aggregatetype}, topic);
  if (!expanded) {
    fuzz::check_error(expanded.error(), ErrorKind::BadEvent);
    return 0;
  }
  OUTRIDER_ASSERT(kafka::check_topic_name(topic).has_value(), "Kafka knows such names");
  OUTRIDER_ASSERT(!topic.starts_with("__"), "no row names a topic of the broker itself");
  OUTRIDER_ASSERT(topic.starts_with(text.substr(0, text.find('{'))),
                  "a topic begins with the literal text");
  return 0;
}
