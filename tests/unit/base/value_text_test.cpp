#include <gtest/gtest.h>
#include <logboom/testing/events.hpp>
#include <logboom/value_text.hpp>

namespace logboom {
namespace {

std::string text_of_bytes(std::string_view bytes) {
  OutBuffer scratch;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return std::string(value_text(msgpack::Value(data, data + bytes.size()), scratch));
}
std::string text_of(std::string_view json) { return text_of_bytes(testing::msgpack_of(json)); }

TEST(ValueText, scalars_are_as_to_s_gives_them) {
  EXPECT_EQ(text_of(R"("a\"b")"), "a\"b");
  EXPECT_EQ(text_of("null"), "");
  EXPECT_EQ(text_of("-12"), "-12");
  EXPECT_EQ(text_of("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(text_of("1.0"), "1.0");
  EXPECT_EQ(text_of("1e20"), "1.0e+20");
  EXPECT_EQ(text_of("false"), "false");
  EXPECT_EQ(text_of_bytes(std::string_view("\xcb\x7f\xf0\0\0\0\0\0\0", 9)), "Infinity");
  EXPECT_EQ(text_of_bytes(std::string_view("\xcb\xff\xf0\0\0\0\0\0\0", 9)), "-Infinity");
  EXPECT_EQ(text_of_bytes(std::string_view("\xcb\x7f\xf8\0\0\0\0\0\0", 9)), "NaN");
  EXPECT_EQ(text_of_bytes(std::string_view("\xd7\0\0\0\0\5\0\0\0\1", 10)), "5");
  OutBuffer scratch;
  EXPECT_EQ(value_text({}, scratch), "");
}

TEST(ValueText, arrays_and_maps_are_as_inspect_shows_them) {
  EXPECT_EQ(text_of("[]"), "[]");
  EXPECT_EQ(text_of("{}"), "{}");
  EXPECT_EQ(text_of(R"([1,null,true,"a",[],[2,[3]],{}])"), R"([1, nil, true, "a", [], [2, [3]], {}])");
  EXPECT_EQ(text_of(R"({"a":{"b":[1,2]},"c":null,"d":{}})"), R"({"a"=>{"b"=>[1, 2]}, "c"=>nil, "d"=>{}})");
  EXPECT_EQ(text_of_bytes("\x81\x01\xa1x"), R"({1=>"x"})");
}

TEST(ValueText, texts_inside_are_quoted_and_escaped) {
  EXPECT_EQ(text_of("[\"q\\\"\\\\ \\n\\t\\u0007 \\u001b \\u0001 \\u007f \xc3\xa9 #{a} # #a\"]"),
            "[\"q\\\"\\\\ \\n\\t\\a \\e \\u0001 \\x7F \xc3\xa9 \\#{a} # #a\"]");
}

TEST(ValueText, any_depth_works) {
  constexpr std::size_t depth = 100'000;
  const std::string text = text_of_bytes(std::string(depth, '\x91') + '\x90');
  EXPECT_EQ(text, std::string(depth + 1, '[') + std::string(depth + 1, ']'));
}

}  // namespace
}  // namespace logboom
