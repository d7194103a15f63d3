#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

const Raw t1 = num(1700000001);
const Row good{"g", "1700000001", R"({"log":"good"})"};
Raw good_message() { return arr({str("g"), t1, rec("good")}); }

/// What one message, acked and followed by a good one, comes to at every cut: it must be acked, and the good one
/// arrive.
Result acked(const Raw& message_without_end, const Options& options = {}) {
  const Result result = run_every_cut(message_without_end + chunk("id") + good_message(), options);
  EXPECT_EQ(result.sent, std::vector<Raw>{ack(str("id"))});
  EXPECT_FALSE(result.closed);
  if (result.rows.empty()) throw std::logic_error("not even the good message arrived");
  EXPECT_EQ(result.rows.back(), good);
  return result;
}
Raw message_head(const Raw& tag, const Raw& time, const Raw& record) { return head(0x94, 0, 0) + tag + time + record; }

TEST(ForwardValidation, a_time_that_is_no_integer_or_event_time_is_dropped_and_acked) {
  for (const Raw& time : {real(1.5), Raw("\xca\x3f\x80\x00\x00", 5), nil(), Raw("\xc3"), map({})}) {
    const Result result = acked(message_head(str("t"), time, rec("x")));
    EXPECT_EQ(result.rows.size(), 1U);
    EXPECT_EQ(result.dropped, (Counts{{"invalid_time", 1}}));
    EXPECT_EQ(result.log.size(), 1U);
  }
}

TEST(ForwardValidation, a_record_that_is_no_map_is_dropped_and_acked) {
  for (const Raw& record : {nil(), str("text"), bin("text"), num(7), arr({}), event_time(1, 2)}) {
    for (const Raw& time : {num(1700000000), num(5), event_time(1700000000, 1)}) {
      const Result result = acked(message_head(str("t"), time, record));
      EXPECT_EQ(result.rows.size(), 1U);
      EXPECT_EQ(result.dropped, (Counts{{"invalid_record", 1}}));
    }
  }
}

TEST(ForwardValidation, a_tag_that_is_no_text_is_dropped_and_acked_in_every_mode) {
  for (const Raw& tag : {nil(), num(7), arr({str("x")}), map({})}) {
    const Counts one{{"invalid_tag", 1}};
    const Raw entry = arr({t1, rec("x")});
    EXPECT_EQ(acked(message_head(tag, t1, rec("x"))).dropped, one);
    EXPECT_EQ(acked(head(0x93, 0, 0) + tag + arr({entry})).dropped, one);
    EXPECT_EQ(acked(head(0x93, 0, 0) + tag + bin(entry)).dropped, one);
    EXPECT_EQ(acked(head(0x93, 0, 0) + tag + bin(gzip(entry))).dropped, one);
  }
}

TEST(ForwardValidation, binary_and_empty_tags_are_accepted) {
  EXPECT_EQ(acked(message_head(bin("t.bin"), t1, rec("x"))).rows[0].tag, "t.bin");
  EXPECT_EQ(acked(message_head(str(""), t1, rec("x"))).rows[0].tag, "");
  EXPECT_EQ(acked(head(0x93, 0, 0) + bin("") + bin(arr({t1, rec("x")}))).rows[0].tag, "");
}

TEST(ForwardValidation, second_0_means_now_in_every_mode) {
  for (const Raw& time : {num(0), head(0xd2, 0, 4), head(0xcf, 0, 8), event_time(0, 0), event_time(0, 77),
                          head(0xc7, 8, 1) + std::string(9, '\0')}) {
    const Raw entry = arr({time, rec("x")});
    const Row expected{"t", "now", R"({"log":"x"})"};
    EXPECT_EQ(acked(message_head(str("t"), time, rec("x"))).rows[0], expected);
    EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + arr({entry})).rows[0], expected);
    EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + bin(entry)).rows[0], expected);
    EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + bin(zstd(entry))).rows[0], expected);
  }
}

TEST(ForwardValidation, integer_times_of_every_width_are_read) {
  const std::vector<std::pair<Raw, std::string>> times{
      {head(0x7f, 0, 0), "127"},
      {head(0xe0, 0, 0), "-32"},
      {head(0xcc, 200, 1), "200"},
      {head(0xcd, 40000, 2), "40000"},
      {head(0xce, 4000000000, 4), "4000000000"},
      {head(0xcf, 1700000001, 8), "1700000001"},
      {head(0xcf, 9000000000, 8), "9000000000"},
      {head(0xd0, 0x80, 1), "-128"},
      {head(0xd1, 0x8000, 2), "-32768"},
      {head(0xd2, 1700000001, 4), "1700000001"},
      {head(0xd2, 0x80000000, 4), "-2147483648"},
      {head(0xd3, 1700000001, 8), "1700000001"},
      {head(0xd3, ~std::uint64_t{0}, 8), "-1"},
      {event_time(1700000001, 999999999), "1700000001.999999999"},
      {event_time(0xffffffff, 1), "4294967295.000000001"},
      {head(0xc7, 8, 1) + head(0, 1700000001, 4) + head(0, 3, 3), "1700000001.000000003"},
      {event_time(1700000001, 4000000000), "1700000001.4000000000"}};
  for (const auto& [time, text] : times) {
    const Raw entry = arr({time, rec("x")});
    const Raw stream = arr({str("t"), time, rec("x"), map({})}) + arr({str("t"), time, rec("x")}) +
                       arr({str("t"), arr({entry})}) + arr({str("t"), bin(entry)});
    EXPECT_EQ(run_every_cut(stream).rows, Rows(4, Row{"t", text, R"({"log":"x"})"}));
  }
}

TEST(ForwardValidation, metadata_beside_an_entry_s_time_is_left_out) {
  const Raw meta = arr({event_time(1700000001, 9), map({{str("m"), num(1)}})});
  const Raw wide = head(0xdc, 2, 2) + t1 + map({});
  const Raw none = arr({num(0), map({})});
  const Raw all = arr({meta, rec("a")}) + arr({t1, rec("b")}) + arr({wide, rec("c")}) + arr({none, rec("d")});
  const Rows expected{{"t", "1700000001.000000009", R"({"log":"a"})"},
                      {"t", "1700000001", R"({"log":"b"})"},
                      {"t", "1700000001", R"({"log":"c"})"},
                      {"t", "now", R"({"log":"d"})"},
                      good};
  EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + bin(all)).rows, expected);
  EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + head(0x94, 0, 0) + all).rows, expected);
  EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + bin(gzip(all))).rows, expected);
}

TEST(ForwardValidation, bad_entries_are_left_out_one_by_one) {
  const std::vector<Raw> list{arr({t1, rec("1")}),
                              nil(),
                              num(5),
                              str("text"),
                              map({}),
                              arr({}),
                              arr({t1}),
                              arr({t1, rec("x"), nil()}),
                              arr({real(1.0), rec("x")}),
                              arr({t1, nil()}),
                              arr({arr({t1}), rec("x")}),
                              arr({arr({nil(), map({})}), rec("x")}),
                              arr({t1, rec("2")})};
  const Rows expected{{"t", "1700000001", R"({"log":"1"})"}, {"t", "1700000001", R"({"log":"2"})"}, good};
  const Counts dropped{{"invalid_entry", 7}, {"invalid_time", 3}, {"invalid_record", 1}};
  for (const Raw& body : {arr(list), bin(join(list)), bin(gzip(join(list)))}) {
    const Result result = acked(head(0x93, 0, 0) + str("t") + body);
    EXPECT_EQ(result.rows, expected);
    EXPECT_EQ(result.dropped, dropped);
    EXPECT_EQ(result.log.size(), 1U) << "one line a connection, not one an event";
  }
}

TEST(ForwardValidation, metrics_and_traces_of_fluent_bit_are_skipped_and_acked) {
  for (const int signal : {1, 2}) {
    const Raw payload = map({{str("meta"), map({})}}) + map({{str("metrics"), arr({num(signal)})}});
    const Raw option = map({{str("chunk"), str("id")}, {str("fluent_signal"), num(signal)}});
    const Result result = run_every_cut(arr({str("t"), bin(payload), option}) + good_message());
    EXPECT_EQ(result.rows, Rows{good});
    EXPECT_EQ(result.sent, std::vector<Raw>{ack(str("id"))});
    EXPECT_EQ(result.dropped, (Counts{{"invalid_entry", 2}}));
  }
}

TEST(ForwardValidation, a_truncated_tail_of_packed_forward_is_ignored_and_acked) {
  const Raw entry = arr({t1, rec("one")});
  for (std::size_t left = 1; left < entry.size(); ++left) {
    const Result plain = acked(head(0x93, 0, 0) + str("t") + bin(entry + entry.substr(0, left)));
    EXPECT_EQ(plain.rows.size(), 2U);
    EXPECT_EQ(plain.dropped, (Counts{{"truncated_entry", 1}}));
  }
  EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + bin(gzip(entry + "\x92"))).dropped, (Counts{{"truncated_entry", 1}}));
  EXPECT_EQ(acked(head(0x93, 0, 0) + str("t") + bin(head(0x92, 0, 0) + head(0xcf, 1, 3))).dropped,
            (Counts{{"truncated_entry", 1}}));
}

TEST(ForwardValidation, short_arrays_are_dropped) {
  const Result result =
      run_every_cut(arr({}) + arr({str("t")}) + arr({str("t"), num(1)}) + head(0xdd, 0, 4) + good_message());
  EXPECT_EQ(result.rows, Rows{good});
  EXPECT_EQ(result.dropped, (Counts{{"invalid_message", 4}}));
}

TEST(ForwardValidation, integer_and_nil_keys_are_accepted) {
  const Raw record = map({{num(1), str("a")}, {nil(), str("b")}, {bin("k"), arr({num(1), nil()})}});
  EXPECT_EQ(acked(message_head(str("t"), t1, record)).rows[0].record, R"({"1":"a","":"b","k":[1,null]})");
}

TEST(ForwardValidation, map_headers_of_every_width_are_records) {
  for (const Raw& header : {head(0x81, 0, 0), head(0xde, 1, 2), head(0xdf, 1, 4)}) {
    const Raw record = header + str("k") + num(1);
    const Result result = acked(message_head(str("t"), t1, record));
    EXPECT_EQ(result.rows[0].record, R"({"k":1})");
  }
}

TEST(ForwardValidation, skip_invalid_event_false_drops_them_too_and_keeps_the_connection) {
  Options options;
  options.skip_invalid_event = false;
  EXPECT_EQ(acked(message_head(str("t"), nil(), rec("x")), options).rows, Rows{good});
}

TEST(ForwardValidation, top_level_nil_is_a_heartbeat) {
  const Result result = run_every_cut(nil() + good_message() + nil() + nil() + good_message() + nil());
  EXPECT_EQ(result.rows, (Rows{good, good}));
  EXPECT_TRUE(result.errors.empty());
  EXPECT_TRUE(result.log.empty());
}

TEST(ForwardValidation, other_top_level_objects_are_skipped_with_one_line_for_all) {
  const Result result = run_every_cut(num(5) + good_message() + str("some text") + map({{str("a"), arr({num(1)})}}) +
                                      good_message() + real(1.5));
  EXPECT_EQ(result.rows, (Rows{good, good}));
  EXPECT_EQ(result.errors, (Counts{{"broken_message", 4}}));
  ASSERT_EQ(result.log.size(), 1U);
  EXPECT_NE(result.log[0].find("incoming chunk is broken:"), std::string::npos);
  EXPECT_NE(result.log[0].find("192.0.2.7:50123"), std::string::npos);
  EXPECT_FALSE(result.closed);
}

TEST(ForwardValidation, an_http_request_is_one_line_that_says_so) {
  for (const char* method : {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    const std::string request =
        std::string(method) + " /healthz HTTP/1.1\r\nHost: localhost:24224\r\nUser-Agent: curl/8\r\n\r\n";
    const Result result = run_every_cut(request);
    ASSERT_EQ(result.log.size(), 1U);
    EXPECT_NE(result.log[0].find("HTTP"), std::string::npos);
    EXPECT_EQ(result.errors, (Counts{{"broken_message", request.size()}}));
    EXPECT_FALSE(result.closed);
  }
}

}  // namespace
}  // namespace logboom::in_forward::test
