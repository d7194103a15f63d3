#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

const Raw t1 = num(1700000001);
const Row good{"g", "1700000001", R"({"log":"good"})"};
Raw good_message() { return arr({str("g"), t1, rec("good"), map({})}); }

Options limited(std::uint64_t bytes) {
  Options options;
  options.chunk_size_limit.bytes = bytes;
  return options;
}

/// The message is too large: it is counted, answered, and neither it nor the next one disturbs anything at any cut.
void expect_dropped(const Raw& message, std::uint64_t events, std::uint64_t limit, bool answered = true) {
  const Result result = run_every_cut(good_message() + message + good_message(), limited(limit));
  EXPECT_EQ(result.rows, (Rows{good, good}));
  EXPECT_EQ(result.dropped, (Counts{{"chunk_size_limit", events}}));
  EXPECT_EQ(result.sent, answered ? std::vector<Raw>{ack(str("id"))} : std::vector<Raw>{});
  EXPECT_FALSE(result.closed);
  ASSERT_EQ(result.log.size(), 1U);
  EXPECT_NE(result.log[0].find(cat("a message of ", message.size(), " bytes is beyond chunk_size_limit")),
            std::string::npos)
      << result.log[0];
}

TEST(ForwardLimits, a_message_beyond_the_limit_is_dropped_counted_and_answered_in_message_mode) {
  expect_dropped(arr({str("t"), t1, rec(std::string(200, 'x')), chunk("id")}), 1, 150);
  expect_dropped(arr({str("t"), t1, rec(std::string(60, 'x')), chunk("id"), str(std::string(60, 'x'))}), 1, 100);
  expect_dropped(
      arr({str("t"), event_time(1700000001, 1), map({{str("a"), arr(std::vector<Raw>(200, nil()))}}), chunk("id")}), 1,
      150);
}

TEST(ForwardLimits, a_tag_beyond_the_limit_is_dropped_with_its_message) {
  const Raw tag = str(std::string(200, 't'));
  const Raw entry = arr({t1, rec("x")});
  expect_dropped(arr({tag, t1, rec("x"), chunk("id")}), 1, 100);
  expect_dropped(arr({tag, arr({entry, entry}), chunk("id")}), 2, 100);
  expect_dropped(arr({tag, bin(entry + entry + entry), chunk("id")}), 3, 100);
  expect_dropped(arr({tag, bin(gzip(entry)), chunk("id")}), 1, 100);
}

TEST(ForwardLimits, a_message_beyond_the_limit_is_dropped_counted_and_answered_in_forward_mode) {
  const Raw entry = arr({t1, rec(std::string(40, 'x'))});
  expect_dropped(arr({str("t"), arr(std::vector<Raw>(6, entry)), chunk("id")}), 6, 200);
  expect_dropped(arr({str("t"), arr({entry, nil(), entry, nil(), entry, num(1)}), chunk("id")}), 6, 50);
}

TEST(ForwardLimits, a_message_beyond_the_limit_is_dropped_counted_and_answered_in_packed_forward_mode) {
  const Raw entry = arr({t1, rec(std::string(40, 'x'))});
  expect_dropped(arr({str("t"), bin(entry + entry + entry + entry + entry), chunk("id")}), 5, 200);
  expect_dropped(arr({str("t"), str(entry + entry + entry), chunk("id")}), 3, 3 * entry.size());
}

TEST(ForwardLimits, a_message_beyond_the_limit_is_dropped_counted_and_answered_when_compressed) {
  std::string noise(300, '\0');
  std::mt19937 random(1);
  for (char& c : noise) c = static_cast<char>('a' + random() % 26);
  const Raw entry = arr({t1, rec(noise)});
  expect_dropped(arr({str("t"), bin(gzip(entry)), chunk("id")}), 1, 150);
  expect_dropped(arr({str("t"), bin(zstd(entry)), map({{str("compressed"), str("zstd")}, {str("chunk"), str("id")}})}),
                 1, 150);
  expect_dropped(arr({str("t"), bin(gzip(entry)), chunk("id")}), 1, gzip(entry).size());
}

TEST(ForwardLimits, an_option_beyond_the_limit_cannot_be_answered) {
  const Raw option = map({{str("x"), str(std::string(300, 'x'))}, {str("chunk"), str("id")}});
  const Raw entry = arr({t1, rec("x")});
  expect_dropped(arr({str("t"), t1, rec("x"), option}), 1, 150, false);
  expect_dropped(arr({str("t"), arr({entry, entry}), option}), 2, 150, false);
  expect_dropped(arr({str("t"), bin(entry + entry), option}), 2, 150, false);
  expect_dropped(arr({str("t"), t1, rec("x"), chunk("id"), str(std::string(300, 'x'))}), 1, 150, false);
}

TEST(ForwardLimits, a_message_of_just_the_limit_is_kept) {
  const Raw entry = arr({t1, rec("xyz")});
  for (const Raw& message : {arr({str("t"), t1, rec("xyz"), map({})}), arr({str("t"), t1, rec("xyz")}),
                             arr({str("t"), t1, rec("xyz"), chunk("i")}), arr({str("t"), arr({entry})}),
                             arr({str("t"), bin(entry), map({})}), arr({str("t"), bin(gzip(entry)), map({})})}) {
    EXPECT_EQ(run_every_cut(message, limited(message.size())).rows.size(), 1U);
    EXPECT_EQ(run_every_cut(message, limited(message.size() - 1)).rows.size(), 0U);
  }
}

/// What a message that never ends leaves with the connection between two reads of 100 bytes.
std::size_t most_residue(const Raw& begin, const Raw& repeated, std::size_t times) {
  Forward forward(limited(1000));
  forward.driver.feed(begin);
  Raw piece;
  for (std::size_t i = 0; i < times; ++i) {
    piece += repeated;
    if (piece.size() < 100) continue;
    forward.driver.feed(piece);
    piece.clear();
  }
  EXPECT_TRUE(forward.open());
  EXPECT_TRUE(forward.rows().empty());
  forward.driver.end();
  EXPECT_EQ(forward.host.error_counts(), (Counts{{"truncated_message", 1}}));
  return forward.driver.most_residue();
}

TEST(ForwardLimits, what_waits_for_its_rest_never_grows_beyond_the_limit) {
  const std::size_t bound = 1000 + 16;
  const Raw endless_str = head(0xdb, 0xffffffff, 4);
  const Raw endless_array = head(0xdd, 0xffffffff, 4);
  const Raw endless_map = head(0xdf, 0xffffffff, 4);
  const Raw text(10, 'x');
  EXPECT_LE(most_residue(head(0x94, 0, 0) + endless_str, text, 1000), bound);
  EXPECT_LE(most_residue(head(0x94, 0, 0) + endless_map, num(1), 10000), bound);
  EXPECT_LE(most_residue(endless_array, num(1), 10000), bound) << "an array of small numbers is a message, too";
  EXPECT_LE(most_residue(head(0x94, 0, 0) + str("t") + t1 + endless_map, str("abc"), 5000), bound);
  EXPECT_LE(most_residue(head(0x94, 0, 0) + str("t") + t1 + rec("x") + endless_map, str("abc"), 5000), bound);
  EXPECT_LE(most_residue(head(0x94, 0, 0) + str("t") + t1 + rec(std::string(900, 'r')) + endless_map, str("abc"), 5000),
            bound);
  EXPECT_LE(most_residue(endless_array + str("t") + t1 + rec("x") + map({}), num(1), 10000), bound);
  EXPECT_LE(most_residue(head(0x93, 0, 0) + str("t") + endless_array, num(1), 10000), bound);
  EXPECT_LE(most_residue(head(0x93, 0, 0) + str("t") + endless_array + endless_str, text, 1000), bound);
  EXPECT_LE(most_residue(head(0x93, 0, 0) + str("t") + endless_str, num(1), 10000), bound);
  EXPECT_LE(most_residue(head(0x93, 0, 0) + str("t") + endless_str + endless_map, num(1), 10000), bound);
  EXPECT_LE(most_residue(head(0x93, 0, 0) + str("t") + endless_str + "\x1f\x8b", text, 1000), bound);
  EXPECT_LE(most_residue(head(0x93, 0, 0) + str("t") + bin("") + endless_map, str("abc"), 5000), bound);
  EXPECT_LE(most_residue(endless_map, num(1), 10000), 16U) << "no message at all";
}

TEST(ForwardLimits, a_warning_is_worth_a_larger_message) {
  Options options;
  const Raw small = arr({str("t"), t1, rec("x"), map({})});
  options.chunk_size_warn_limit = ByteSize{small.size()};
  const Result result = run_every_cut(small + arr({str("t"), t1, rec("xx"), map({})}) + small, options);
  EXPECT_EQ(result.rows.size(), 3U);
  ASSERT_EQ(result.log.size(), 1U);
  EXPECT_NE(result.log[0].find(cat(small.size() + 1, " bytes is beyond chunk_size_warn_limit")), std::string::npos);
}

TEST(ForwardLimits, a_bomb_beyond_decompression_size_limit_resets_the_connection) {
  Raw entries;
  for (int i = 0; i < 5000; ++i) entries += arr({t1, rec(std::string(100, 'b'))});
  Options options;
  options.decompression_size_limit.bytes = 100000;
  for (const Raw& payload : {gzip(entries), zstd(entries)}) {
    Forward forward(options);
    forward.driver.feed(good_message() + arr({str("bomb"), bin(payload), chunk("id")}) + good_message());
    EXPECT_EQ(forward.rows(), Rows{good}) << "what came before is kept, nothing of the bomb";
    EXPECT_TRUE(forward.reset());
    EXPECT_TRUE(forward.sent().empty());
    EXPECT_EQ(forward.host.error_counts(), (Counts{{"bad_compression", 1}}));
    EXPECT_EQ(forward.shared.budget.in_use(), 0U);
  }
}

TEST(ForwardLimits, the_decompression_budget_is_held_until_the_events_are_safe) {
  const Raw entries = arr({t1, rec(std::string(1000, 'b'))});
  const Raw message = arr({str("z"), bin(gzip(entries)), map({})});
  Forward forward(Options{}, Settle::by_hand);
  forward.host.decompress_budget().resize(2500);
  forward.driver.feed(message + message);
  EXPECT_EQ(forward.shared.budget.in_use(), 2 * entries.size());
  forward.connection().confirm(0);
  forward.driver.feed(message);
  EXPECT_TRUE(forward.open()) << "there is room again";
  forward.driver.feed(message);
  EXPECT_TRUE(forward.reset());
  EXPECT_EQ(forward.rows().size(), 3U);
  forward.connection().confirm(1);
  forward.connection().lose(2);
  EXPECT_EQ(forward.shared.budget.in_use(), 0U);
}

}  // namespace
}  // namespace logboom::in_forward::test
