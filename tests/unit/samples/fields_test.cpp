#include "samples/service/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace service {
namespace {

using ::testing::HasSubstr;

TEST(Fields, GivesWhatIsThere) {
  Fields fields(R"({"name": "Ada", "email": "ada@example.org", "many": 3,
                    "id": "0AF7651916CD43DD8448EB211C80319C"})");
  EXPECT_EQ(fields.text("name", 10), "Ada");
  EXPECT_EQ(fields.email("email"), "ada@example.org");
  EXPECT_EQ(fields.whole("many", 1, 3), 3);
  EXPECT_EQ(fields.optional_uuid("id"), "");
  EXPECT_EQ(fields.problems(), "id must be a UUID");
}

TEST(Fields, SaysEverythingThatIsWrongAtOnce) {
  Fields fields(R"({"name": 5, "many": -1, "colour": "red"})");
  fields.text("name", 10);
  fields.whole("many", 1, 3);
  fields.uuid("id");
  const std::string problems = fields.problems();
  EXPECT_THAT(problems, HasSubstr("name must be a text of 1 to 10 characters"));
  EXPECT_THAT(problems, HasSubstr("many must be a whole number from 1 to 3"));
  EXPECT_THAT(problems, HasSubstr("id is missing"));
  EXPECT_THAT(problems, HasSubstr("\"colour\" is not a field of this request"));
  EXPECT_EQ(problems, fields.problems());
}

TEST(Fields, ABodyThatIsNoObjectIsTheOnlyProblemNamed) {
  for (const char* body : {"", "{", "[]", "null", "5", "\xff"}) {
    Fields fields(body);
    fields.text("name", 10);
    EXPECT_EQ(fields.problems(), "the body must be a JSON object") << body;
  }
}

TEST(Fields, ADeepBodyIsRefusedBeforeItIsBuilt) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(Fields(R"({"a": )" + deep + "}").problems(), "the body must be a JSON object");
}

TEST(Fields, CountsCharactersAndNotBytesOfAText) {
  Fields fields(R"({"name": "äöü"})");
  EXPECT_EQ(fields.text("name", 3), "äöü");
  EXPECT_EQ(fields.problems(), "");
}

TEST(Fields, ControlCharactersAreNoText) {
  for (const char* name : {R"({"name": "a\u0000b"})", R"({"name": "a\nb"})"}) {
    Fields fields(name);
    fields.text("name", 10);
    EXPECT_THAT(fields.problems(), HasSubstr("without control characters")) << name;
  }
}

TEST(Fields, NumbersAreWholeAndInTheirRange) {
  for (const char* number : {"0", "-1", "4", "1.0", "1e0", "true", "\"1\"", "null",
                             "18446744073709551615", "18446744073709551616"}) {
    Fields fields(std::string(R"({"many": )") + number + "}");
    fields.whole("many", 1, 3);
    EXPECT_THAT(fields.problems(), HasSubstr("many must be")) << number;
  }
}

TEST(Fields, AnEmailHasOneAtAndNoSpace) {
  for (const char* email : {"", "a", "@", "a@", "@b", "a@b@c", "a b@c"}) {
    Fields fields(nlohmann::json({{"email", email}}).dump());
    fields.email("email");
    EXPECT_THAT(fields.problems(), HasSubstr("email must be")) << email;
  }
}

TEST(UuidOf, GivesLowerCaseAndNothingForWhatIsNone) {
  EXPECT_EQ(uuid_of("0AF76519-16CD-43DD-8448-EB211C80319C"),
            "0af76519-16cd-43dd-8448-eb211c80319c");
  for (const char* text :
       {"", "x", "0af76519-16cd-43dd-8448-eb211c80319", "0af7651916cd43dd84",
        "0af76519-16cd-43dd-8448-eb211c80319c1", "0af76519-16cd-43dd-8448-eb211c80319g",
        "0af76519+16cd+43dd+8448+eb211c80319c"}) {
    EXPECT_EQ(uuid_of(text), "") << text;
  }
}

}  // namespace
}  // namespace service
