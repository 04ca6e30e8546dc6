// The reference in config/ must be what the field tables say today.
#include "config/file_text.h"
#include "config/section.h"
#include "relay/app/pipeline_config.h"
#include "relay/app/reference_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outrider::app {
namespace {

using config::FieldDescription;
using ::testing::HasSubstr;

TEST(Reference, InTheTreeIsWhatTheFieldTablesSay) {
  const auto text = config::read_text_file(OUTRIDER_REFERENCE);
  ASSERT_TRUE(text) << text.error();
  EXPECT_EQ(*text, reference_page(config::describe_fields<Config>()))
      << "stale: run outrider config reference > config/REFERENCE.md";
}

TEST(Reference, HasATablePerSectionAndARowPerKey) {
  const std::vector<FieldDescription> fields = {
      {.name = "size", .type = "size", .default_text = "1MiB", .help = "How large."},
      {.name = "pipes",
       .type = "map of section",
       .help = "By name.",
       .required = true,
       .children = {{.name = "dsn", .type = "text", .help = "A | <b>.", .secret = true}}}};
  const std::string page = reference_page(fields);
  EXPECT_THAT(page, HasSubstr("| `size` | size | `1MiB` | How large. |\n"));
  EXPECT_THAT(page, HasSubstr("| `pipes` | map of section | required | By name. |\n"));
  EXPECT_THAT(page, HasSubstr("\n## `pipes.NAME`\n"));
  EXPECT_THAT(page, HasSubstr("| `dsn` | text, secret |  | A \\| &lt;b&gt;. |\n"));
}

}  // namespace
}  // namespace outrider::app
