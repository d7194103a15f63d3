#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

const Raw t1 = num(1700000001);
const Raw entry = arr({t1, rec("x")});
const Row good{"g", "1700000001", R"({"log":"good"})"};
Raw good_message() { return arr({str("g"), t1, rec("good"), map({})}); }

const std::vector<Raw>& bad_objects() {
  static const std::vector<Raw> objects{Raw("\xc1"),
                                        Raw("\xd4\x01\x00", 3),
                                        Raw("\xd7\x05") + Raw(8, 'x'),
                                        Raw("\xd8\x00", 2) + Raw(16, 'x'),
                                        Raw("\xc7\x04\x00", 3) + Raw(4, 'x'),
                                        Raw("\xc8\x00\x08\x01", 4) + Raw(8, 'x'),
                                        Raw("\xc9\xff\xff\xff\xff\x00", 6)};
  return objects;
}

/// Reset with one line; the good message before it is kept, nothing of this one, nothing behind it.
void expect_reset(const Raw& message, const std::string& error = "malformed") {
  const Result result = run_every_cut(good_message() + message + good_message());
  EXPECT_EQ(result.rows, Rows{good});
  EXPECT_TRUE(result.reset);
  EXPECT_TRUE(result.sent.empty());
  EXPECT_EQ(result.errors, (Counts{{error, 1}}));
}

TEST(ForwardMalformed, bytes_that_are_no_msgpack_reset_the_connection_wherever_they_stand) {
  for (const Raw& bad : bad_objects()) {
    expect_reset(bad);
    expect_reset(map({{str("a"), bad}}));
    expect_reset(arr({bad, t1, rec("x")}));
    expect_reset(arr({str("t"), bad, rec("x")}));
    expect_reset(arr({str("t"), t1, bad}));
    expect_reset(arr({str("t"), t1, map({{str("k"), arr({bad})}}), chunk("c")}));
    expect_reset(arr({str("t"), t1, rec("x"), bad}));
    expect_reset(arr({str("t"), t1, rec("x"), chunk("c"), bad}));
    expect_reset(arr({str("t"), arr({entry, bad, entry}), chunk("c")}));
    expect_reset(arr({str("t"), arr({entry, arr({t1, map({{bad, bad}})})}), chunk("c")}));
    expect_reset(arr({str("t"), arr({entry}), map({{str("chunk"), bad}})}));
    expect_reset(arr({str("t"), bin(entry + bad + entry), chunk("c")}));
    expect_reset(arr({str("t"), bin(entry), bad}));
    expect_reset(arr({str("t"), bin(gzip(entry + bad)), chunk("c")}), "bad_compression");
  }
}

TEST(ForwardMalformed, what_is_wrong_is_said_in_one_line_with_the_peer) {
  Forward forward;
  forward.driver.feed("\xc1\xc1\xc1");
  ASSERT_EQ(forward.host.log().lines().size(), 1U);
  EXPECT_NE(forward.host.log().lines()[0].find("192.0.2.7:50123: malformed msgpack"), std::string::npos);
}

TEST(ForwardMalformed, a_payload_that_is_not_what_the_option_says_resets_the_connection) {
  const auto option = [](const Raw& compressed) {
    return map({{str("compressed"), compressed}, {str("chunk"), str("c")}});
  };
  const Raw gz = gzip(entry);
  const Raw zs = zstd(entry);
  const std::string error = "bad_compression";
  for (const Raw& value : {str("gzipped"), str("lz4"), str(""), num(1), Raw("\xc3"), map({})}) {
    if (value != str("")) expect_reset(arr({str("t"), bin(entry), option(value)}), error);
    if (value != str("")) expect_reset(arr({str("t"), bin(gz), option(value)}), error);
  }
  expect_reset(arr({str("t"), bin(entry), option(str("gzip"))}), error);
  expect_reset(arr({str("t"), bin(head(0xda, 1000, 2) + "truncated"), option(str("gzip"))}), error);
  expect_reset(arr({str("t"), bin(entry), option(str("zstd"))}), error);
  expect_reset(arr({str("t"), bin(zs), option(str("gzip"))}), error);
  expect_reset(arr({str("t"), bin(gz), option(str("zstd"))}), error);
  expect_reset(arr({str("t"), bin(gz.substr(0, gz.size() - 1)), option(str("gzip"))}), error);
  expect_reset(arr({str("t"), bin(gz.substr(0, 2)), option(str("gzip"))}), error);
  expect_reset(arr({str("t"), bin(zs.substr(0, zs.size() - 1)), option(str("zstd"))}), error);
  expect_reset(arr({str("t"), bin(gz + "garbage"), option(str("gzip"))}), error);
  Raw damaged = gz;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  expect_reset(arr({str("t"), bin(damaged), option(str("gzip"))}), error);
}

TEST(ForwardMalformed, a_message_that_is_not_whole_is_never_written_into) {
  const Raw message = arr({str("tag"), t1, map({{str("a"), str("b")}}), chunk("cc")});
  for (const Raw& rest : {message, arr({str("t"), event_time(1700000000, 1), rec(std::string(50, 'x')), map({})})}) {
    for (std::size_t size = 1; size < rest.size(); ++size) {
      Forward forward;
      EXPECT_NO_THROW(forward.driver.feed(good_message() + rest.substr(0, size))) << "the driver compares what is left";
      EXPECT_EQ(forward.driver.residue(), size);
      EXPECT_EQ(forward.rows(), Rows{good});
    }
  }
}

TEST(ForwardMalformed, a_message_that_is_reset_after_its_record_was_never_written_into) {
  Forward forward;
  forward.driver.feed(good_message());
  const Raw message = arr({str("tag"), t1, rec("x"), Raw("\xc1")});
  const SlabPtr slab(Slab::make(message.size()));
  std::memcpy(slab->data(), message.data(), message.size());
  forward.driver.session().on_bytes(slab, slab->data(), message.size());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(slab->data()), message.size()), message);
  EXPECT_TRUE(forward.reset());
}

TEST(ForwardMalformed, nesting_100000_deep_is_read_like_anything_else) {
  Raw deep = nil();
  for (int i = 0; i < 100000; ++i) deep.insert(0, 1, '\x91');
  const Raw record = map({{str("deep"), deep}});
  for (const Raw& message : {arr({str("t"), t1, record, map({})}), arr({str("t"), arr({arr({t1, record})})}),
                             arr({str("t"), bin(arr({t1, record}))}), arr({str("t"), bin(gzip(arr({t1, record})))})}) {
    const Result result = run(message + good_message(), {}, {3, 1000, 50000});
    ASSERT_EQ(result.rows.size(), 2U);
    EXPECT_EQ(result.rows[0].record,
              R"({"deep":)" + std::string(100000, '[') + "null" + std::string(100000, ']') + "}");
  }
  EXPECT_EQ(run(deep, {}, {77}).dropped, (Counts{{"invalid_message", 1}}));
  EXPECT_EQ(run(Raw(100000, '\x81') + nil(), {}, {77}).errors, (Counts{{"truncated_message", 1}}));
}

TEST(ForwardMalformed, headers_that_promise_four_billion_entries_cost_nothing) {
  for (const unsigned first : {0xddU, 0xdfU, 0xdbU, 0xc6U}) {
    const Raw promise = head(first, 0xffffffff, 4);
    for (const Raw& begin :
         {promise, head(0x93, 0, 0) + promise, head(0x93, 0, 0) + str("t") + promise,
          head(0x93, 0, 0) + str("t") + t1 + promise, head(0x93, 0, 0) + str("t") + arr({}) + promise,
          head(0x93, 0, 0) + str("t") + head(0xdd, 3, 4) + promise,
          head(0x93, 0, 0) + str("t") + t1 + map({}) + promise}) {
      const Result result = run_every_cut(begin + "\x01\x02\x03");
      EXPECT_FALSE(result.closed);
    }
  }
}

TEST(ForwardMalformed, a_connection_that_ends_within_a_message_counts_it_once_and_keeps_nothing_of_it) {
  const std::vector<Raw> messages{arr({str("t"), t1, rec("x"), chunk("c")}),
                                  arr({str("t"), arr({entry, entry}), chunk("c")}),
                                  arr({str("t"), bin(entry + entry), chunk("c")}),
                                  arr({str("t"), bin(gzip(entry)), chunk("c")}), str("no message")};
  for (const Raw& message : messages) {
    for (std::size_t size = 1; size < message.size(); ++size) {
      for (const Cuts& cuts : {Cuts{}, Cuts{good_message().size()}, every_byte(message.size() + 100)}) {
        const Result result = run(good_message() + message.substr(0, size), {}, cuts);
        EXPECT_EQ(result.rows, Rows{good});
        EXPECT_EQ(result.errors, (Counts{{"truncated_message", 1}}));
        EXPECT_TRUE(result.sent.empty());
        EXPECT_EQ(result.log.size(), 1U);
      }
    }
  }
}

TEST(ForwardMalformed, a_connection_that_ends_between_messages_is_nothing_to_speak_of) {
  const Result result = run_every_cut(good_message() + good_message());
  EXPECT_TRUE(result.errors.empty());
  EXPECT_TRUE(result.log.empty());
}

TEST(ForwardMalformed, nothing_is_read_after_a_reset) {
  Forward forward;
  forward.driver.feed("\xc1");
  const SlabPtr slab(Slab::make(good_message().size()));
  std::memcpy(slab->data(), good_message().data(), good_message().size());
  EXPECT_EQ(forward.driver.session().on_bytes(slab, slab->data(), good_message().size()), good_message().size());
  EXPECT_TRUE(forward.rows().empty());
}

}  // namespace
}  // namespace logboom::in_forward::test
