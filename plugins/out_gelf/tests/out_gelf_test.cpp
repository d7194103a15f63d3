#include <gmock/gmock.h>

#include <logboom/json_reader.hpp>

#include "../message.hpp"

namespace {

using namespace logboom;
using namespace logboom::out_gelf;
using ::testing::ElementsAre;
using ::testing::SizeIs;

std::string gelf(std::string_view json, const Options& options = {}) {
  OutBuffer bytes;
  JsonError error;
  if (!JsonReader().read(json, bytes, error)) return error.message;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  Event event;
  event.time = {1795608000, 123456789};
  event.record = Record(msgpack::Value(data, data + bytes.size()));
  OutBuffer out;
  append_gelf(options, "me", "t.a", event, out);
  return std::string(out.text());
}

TEST(OutGelf, writes_the_fields_of_gelf) {
  EXPECT_EQ(
      gelf(R"({"log":"hi"})"),
      R"({"version":"1.1","host":"me","short_message":"hi","timestamp":1795608000.123456,"level":6,"_tag":"t.a"})");
  Options bare;
  bare.tag_key = "";
  EXPECT_EQ(
      gelf(R"j({"host":"h","message":"m","level":"Warning","n":1,"f":1.5,"b":true,"nil":null,"id":2,"a b":"x",
                      "o":{"k":[1]},"_own":"y","full_message":"long"})j",
           bare),
      R"j({"version":"1.1","host":"h","short_message":"m","timestamp":1795608000.123456,"level":4,"_n":1,"_f":1.5,)j"
      R"j("_b":"true","__id":2,"_a_b":"x","_o":"{\"k\":[1]}","_own":"y","full_message":"long"})j");
  EXPECT_THAT(gelf("{}"), ::testing::HasSubstr(R"("short_message":"-")"));
}

TEST(OutGelf, long_messages_go_in_chunks) {
  EXPECT_THAT(gelf_datagrams("short", 100, 1), ElementsAre("short"));
  const std::vector<std::string> chunks = gelf_datagrams(std::string(200, 'x'), 100, 0x4142434445464748);
  ASSERT_THAT(chunks, SizeIs(3));
  EXPECT_EQ(chunks[2], std::string("\x1e\x0f"
                                   "ABCDEFGH\x02\x03",
                                   12) +
                           std::string(24, 'x'));
  EXPECT_THAT(gelf_datagrams(std::string(88 * 128, 'x'), 100, 1), SizeIs(128));
  EXPECT_THAT(gelf_datagrams(std::string(88 * 128 + 1, 'x'), 100, 1), SizeIs(0));
}

}  // namespace
