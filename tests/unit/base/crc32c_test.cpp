#include <gtest/gtest.h>

#include <logboom/crc32c.hpp>
#include <random>
#include <string>

namespace {

using namespace logboom;

const std::uint8_t* bytes_of(const std::string& text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

TEST(Crc32c, gives_the_values_of_rfc_3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32c, is_the_same_with_and_without_the_processors_instruction_and_in_parts) {
  std::mt19937 random(3);
  std::string data(4099, '\0');
  for (char& c : data) c = static_cast<char>(random());
  for (std::size_t size = 0; size < data.size(); size += 1 + size / 7) {
    const std::size_t start = size % 9;
    const std::string part = data.substr(start, size);
    const std::uint32_t whole = crc32c(part);
    ASSERT_EQ(crc32c_portable(bytes_of(part), part.size()), whole);
    const std::size_t cut = part.size() / 3;
    ASSERT_EQ(crc32c(part.substr(cut), crc32c(part.substr(0, cut))), whole);
    ASSERT_EQ(crc32c_portable(bytes_of(part) + cut, part.size() - cut, crc32c(part.substr(0, cut))), whole);
  }
}

}  // namespace
