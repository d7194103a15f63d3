#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

const Raw t1 = num(1700000001);
const Raw t2 = event_time(1700000002, 5);

Raw entries() { return arr({t1, rec("one")}) + arr({t2, rec("two")}) + arr({t1, map({})}); }
Rows entry_rows(const std::string& tag) {
  return {{tag, "1700000001", R"({"log":"one"})"},
          {tag, "1700000002.000000005", R"({"log":"two"})"},
          {tag, "1700000001", "{}"}};
}

TEST(ForwardModes, message_mode_is_the_same_at_every_cut) {
  const Raw stream = arr({str("docker.a"), t1, rec("one"), map({})}) + arr({str("docker.a"), t2, rec("two"), map({})}) +
                     arr({str("docker.b"), t1, rec("three")}) +
                     arr({str(std::string(40, 'x')), t2, rec("four"), chunk("id\n")}) +
                     arr({str("docker.a"), t1, rec(std::string(300, 'y')), nil()});
  const Result result = run_every_cut(stream);
  EXPECT_EQ(result.rows, (Rows{{"docker.a", "1700000001", R"({"log":"one"})"},
                               {"docker.a", "1700000002.000000005", R"({"log":"two"})"},
                               {"docker.b", "1700000001", R"({"log":"three"})"},
                               {std::string(40, 'x'), "1700000002.000000005", R"({"log":"four"})"},
                               {"docker.a", "1700000001", R"({"log":")" + std::string(300, 'y') + "\"}"}}));
  EXPECT_EQ(result.sent, std::vector<Raw>{ack(str("id\n"))});
  EXPECT_TRUE(result.dropped.empty());
  EXPECT_FALSE(result.closed);
}

TEST(ForwardModes, messages_too_short_for_the_fast_way_are_the_same_at_every_cut) {
  const Result result = run_every_cut(arr({str("a"), num(1), map({})}) + arr({str(""), num(2), map({}), map({})}) +
                                      arr({str("a"), num(-3), map({{nil(), nil()}})}));
  EXPECT_EQ(result.rows, (Rows{{"a", "1", "{}"}, {"", "2", "{}"}, {"a", "-3", R"({"":null})"}}));
}

TEST(ForwardModes, forward_mode_is_the_same_at_every_cut) {
  const Raw list = arr({arr({t1, rec("one")}), arr({t2, rec("two")}), arr({t1, map({})})});
  const Result result = run_every_cut(arr({str("fw"), list}) + arr({str("fw"), list, chunk("c1")}) +
                                      arr({str("fw2"), arr({}), chunk("c2")}) + arr({str("fw2"), list, chunk("c3")}));
  Rows expected = entry_rows("fw");
  for (const Row& row : entry_rows("fw")) expected.push_back(row);
  for (const Row& row : entry_rows("fw2")) expected.push_back(row);
  EXPECT_EQ(result.rows, expected);
  EXPECT_EQ(result.sent, (std::vector<Raw>{ack(str("c1")), ack(str("c2")), ack(str("c3"))}));
}

TEST(ForwardModes, packed_forward_mode_is_the_same_at_every_cut) {
  const Raw stream = arr({str("p.bin"), bin(entries()), map({{str("size"), num(3)}, {str("chunk"), str("c1")}})}) +
                     arr({str("p.str"), str(entries()), chunk("c2")}) + arr({str("p.none"), bin(""), chunk("c3")}) +
                     arr({str("p.bare"), head(0xdb, entries().size(), 4) + entries()}) +
                     arr({str("p.after"), t1, map({})});
  const Result result = run_every_cut(stream);
  Rows expected = entry_rows("p.bin");
  for (const Row& row : entry_rows("p.str")) expected.push_back(row);
  for (const Row& row : entry_rows("p.bare")) expected.push_back(row);
  expected.push_back({"p.after", "1700000001", "{}"});
  EXPECT_EQ(result.rows, expected);
  EXPECT_EQ(result.sent, (std::vector<Raw>{ack(str("c1")), ack(str("c2")), ack(str("c3"))}));
}

TEST(ForwardModes, compressed_packed_forward_is_the_same_at_every_cut) {
  const auto option = [](std::string_view compressed) { return map({{str("compressed"), str(compressed)}}); };
  const Raw two_members = gzip(arr({t1, rec("one")})) + gzip(arr({t2, rec("two")}) + arr({t1, map({})}));
  const Raw stream =
      arr({str("gz"), bin(gzip(entries())), option("gzip")}) + arr({str("gz2"), str(two_members), option("gzip")}) +
      arr({str("zs"), bin(zstd(entries())), option("zstd")}) + arr({str("sniffed"), bin(gzip(entries()))}) +
      arr({str("said.text"), bin(entries()), option("text")}) +
      arr({str("said.nil"), bin(entries()), map({{str("compressed"), nil()}})});
  const Result result = run_every_cut(stream);
  Rows expected;
  for (const char* tag : {"gz", "gz2", "zs", "sniffed", "said.text", "said.nil"}) {
    for (const Row& row : entry_rows(tag)) expected.push_back(row);
  }
  EXPECT_EQ(result.rows, expected);
  EXPECT_TRUE(result.errors.empty());
}

TEST(ForwardModes, large_compressed_payloads_come_out_whole) {
  Raw inside;
  for (int i = 0; i < 40000; ++i)
    inside += arr({t1, rec(std::to_string(i) + std::string(static_cast<std::size_t>(i % 50), 'z'))});
  inside += arr({t2, rec(std::string(700000, 'L'))}) + arr({t2, rec("last")});
  for (const Raw& payload : {gzip(inside), zstd(inside)}) {
    const Result result = run(arr({str("big"), bin(payload)}), {}, {1000, 5000, 5001, 30000});
    ASSERT_EQ(result.rows.size(), 40002U);
    EXPECT_EQ(result.rows[39999].record, R"({"log":"39999)" + std::string(39999 % 50, 'z') + "\"}");
    EXPECT_EQ(result.rows[40000].record.size(), 700000U + 10);
    EXPECT_EQ(result.rows.back().record, R"({"log":"last"})");
  }
}

TEST(ForwardModes, compressed_is_of_no_meaning_outside_packed_forward) {
  const Raw option = map({{str("compressed"), str("gzip")}});
  const Result result =
      run_every_cut(arr({str("f"), arr({arr({t1, rec("one")})}), option}) + arr({str("m"), t1, rec("two"), option}));
  EXPECT_EQ(result.rows, (Rows{{"f", "1700000001", R"({"log":"one"})"}, {"m", "1700000001", R"({"log":"two"})"}}));
  EXPECT_FALSE(result.closed);
}

TEST(ForwardModes, array_headers_of_every_width_are_read) {
  const Raw tail = str("w") + t1 + rec("x");
  const Raw packed_entries = head(0xdc, 2, 2) + t1 + rec("p16") + head(0xdd, 2, 4) + t2 + rec("p32");
  const Raw list = head(0xdd, 2, 4) + head(0xdc, 2, 2) + t1 + rec("f16") + head(0xdd, 2, 4) + t2 + rec("f32");
  const Result result =
      run_every_cut(head(0xdc, 3, 2) + tail + head(0xdd, 3, 4) + tail + head(0xdd, 4, 4) + tail + map({}) +
                    head(0xdc, 2, 2) + str("w") + bin(packed_entries) + head(0xdd, 3, 4) + str("w") + list + nil() +
                    head(0x96, 0, 0) + tail + chunk("more") + nil() + str("and more"));
  EXPECT_EQ(result.rows, (Rows{{"w", "1700000001", R"({"log":"x"})"},
                               {"w", "1700000001", R"({"log":"x"})"},
                               {"w", "1700000001", R"({"log":"x"})"},
                               {"w", "1700000001", R"({"log":"p16"})"},
                               {"w", "1700000002.000000005", R"({"log":"p32"})"},
                               {"w", "1700000001", R"({"log":"f16"})"},
                               {"w", "1700000002.000000005", R"({"log":"f32"})"},
                               {"w", "1700000001", R"({"log":"x"})"}}));
  EXPECT_EQ(result.sent, std::vector<Raw>{ack(str("more"))});
}

TEST(ForwardModes, payload_headers_of_every_width_are_read) {
  const Raw small = arr({num(1), map({})});
  Raw stream;
  Rows expected;
  const auto add = [&](const Raw& header) {
    stream += arr({str("h"), header + small});
    expected.push_back({"h", "1", "{}"});
  };
  add(head(0xa0 + 3, 0, 0));
  for (unsigned width : {1U, 2U, 4U}) {
    const unsigned step = width == 1 ? 0 : width == 2 ? 1 : 2;
    add(head(0xc4 + step, small.size(), width));
    add(head(0xd9 + step, small.size(), width));
  }
  EXPECT_EQ(run_every_cut(stream).rows, expected);
}

TEST(ForwardModes, tags_of_every_header_width_are_read_and_overwritten_at_most_in_their_last_byte) {
  Raw stream;
  Rows expected;
  const auto add = [&](unsigned first, unsigned width, std::size_t size) {
    const std::string tag(size, 'T');
    const Raw raw = head(width == 0 ? first + static_cast<unsigned>(size) : first, size, width) + tag;
    for (const Raw& time : {num(1700000001), head(0xd2, 1700000001, 4), event_time(1700000001, 0)}) {
      stream += arr({raw, time, rec("m"), map({})}) + arr({raw, time, rec("m"), chunk("keep me")});
      expected.insert(expected.end(), 2, Row{tag, "1700000001", R"({"log":"m"})"});
    }
    stream += arr({raw, arr({arr({t1, rec("f")})})}) + arr({raw, bin(arr({t1, rec("p")}))});
    expected.push_back({tag, "1700000001", R"({"log":"f"})"});
    expected.push_back({tag, "1700000001", R"({"log":"p"})"});
  };
  for (const std::size_t size : {0U, 1U, 31U}) add(0xa0, 0, size);
  for (const unsigned first : {0xd9U, 0xc4U}) {
    for (const std::size_t size : {0U, 1U, 60U}) {
      add(first, 1, size);
      add(first + 1, 2, size);
      add(first + 2, 4, size);
    }
  }
  const Result result = run(stream);
  EXPECT_EQ(result.rows, expected);
  EXPECT_EQ(result.sent, std::vector<Raw>(3 * 21, ack(str("keep me"))));
  EXPECT_EQ(run(stream, {}, every_byte(stream.size())), result);
}

TEST(ForwardModes, events_of_one_tag_in_one_read_are_one_batch) {
  Forward forward;
  const Raw a = arr({str("a"), t1, rec("x"), map({})});
  const Raw b = arr({str("b"), t1, rec("x"), map({})});
  forward.driver.feed(a + a + a + b + b + a);
  const auto& deliveries = forward.connection().deliveries();
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_EQ(deliveries[0].batch->events(), 3U);
  EXPECT_EQ(deliveries[1].batch->events(), 2U);
  EXPECT_EQ(deliveries[2].batch->events(), 1U);
  EXPECT_EQ(deliveries[0].batch->spans()[0].data[0], 0x92) << "the entry begins in the tag's last byte";
}

TEST(ForwardModes, entries_of_packed_forward_are_one_span_where_they_were_received) {
  Forward forward;
  forward.driver.feed(arr({str("a"), bin(entries()), map({})}));
  ASSERT_EQ(forward.connection().deliveries().size(), 1U);
  const EventBatch& batch = *forward.connection().deliveries()[0].batch;
  ASSERT_EQ(batch.spans().size(), 1U);
  EXPECT_EQ(batch.events(), 3U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(batch.spans()[0].data), batch.spans()[0].size), entries());
}

TEST(ForwardModes, a_carrier_message_is_emitted_only_when_it_is_whole) {
  const Raw message = arr({str("a"), bin(entries()), chunk("c")});
  Forward forward;
  forward.driver.feed(message.substr(0, message.size() - 1));
  EXPECT_TRUE(forward.rows().empty());
  EXPECT_LT(forward.driver.residue(), message.size() / 2) << "entries that are whole need not come again";
  forward.driver.feed(message.substr(message.size() - 1));
  EXPECT_EQ(forward.rows(), entry_rows("a"));
}

}  // namespace
}  // namespace logboom::in_forward::test
