#include "config/file_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace outrider::config {
namespace {

class FileText : public testing::Test {
 protected:
  FileText() { std::filesystem::create_directories(directory_); }
  ~FileText() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& content) const {
    const std::string path = directory_ / "file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) /
      testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(FileText, GivesTheWholeContent) {
  EXPECT_EQ(read_text_file(write("a\r\nb")), "a\r\nb");
  EXPECT_EQ(read_text_file(write("")), "");
}

TEST_F(FileText, SaysWhatHindered) {
  EXPECT_EQ(read_text_file(directory_ / "nope").error(), "no such file");
  EXPECT_EQ(read_text_file(directory_).error(), "is a directory, not a file");
  EXPECT_EQ(read_text_file(write(std::string(kFileBytesMax + 1, 'x'))).error(),
            "is larger than 1 MiB");
  EXPECT_TRUE(read_text_file(write(std::string(kFileBytesMax, 'x'))).has_value());
}

TEST_F(FileText, FindsTheFirstByteThatIsNotUtf8) {
  EXPECT_EQ(find_not_text("plain, ü, €, 𐍈"), std::nullopt);
  EXPECT_EQ(find_not_text("a\nü\xff"), (Place{2, 2}));
  EXPECT_EQ(find_not_text("\xc0\xaf"), (Place{1, 1}));          // Overlong.
  EXPECT_EQ(find_not_text("\xed\xa0\x80"), (Place{1, 1}));      // A surrogate.
  EXPECT_EQ(find_not_text("\xf4\x90\x80\x80"), (Place{1, 1}));  // Beyond U+10FFFF.
  EXPECT_EQ(find_not_text("\xe2\x82"), (Place{1, 1}));          // Cut off.
  EXPECT_EQ(find_not_text(std::string_view("a\0", 2)), (Place{1, 2}));
}

}  // namespace
}  // namespace outrider::config
