#include <gmock/gmock.h>

#include "concat_test_support.hpp"

namespace logboom::concat_test {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Params metadata = {{"use_partial_metadata", "true"}};

struct Fragment {
  std::string log;
  int ordinal = 1;
  bool last = false;
  std::string id = "p1";
  std::string source = "stdout";
};
std::string docker(const Fragment& f) {
  return cat(R"({"container_id":"c","source":")", f.source, R"(","log":")", f.log,
             R"(","partial_message":"true","partial_id":")", f.id, R"(","partial_ordinal":")", f.ordinal,
             R"(","partial_last":")", f.last ? "true" : "false", R"("})");
}
std::vector<std::string> send(FilterDriver& concat, const Fragment& f) { return logs(concat.send("t", docker(f))); }

TEST(ConcatMetadata, joins_the_fragments_of_a_line_and_leaves_dockers_fields_out) {
  FilterDriver concat = driver(metadata);
  EXPECT_THAT(send(concat, {"aaa", 1}), IsEmpty());
  EXPECT_THAT(send(concat, {"bbb", 2}), IsEmpty());
  EXPECT_EQ(concat.record(docker({"cc", 3, true})), R"({"container_id":"c","source":"stdout","log":"aaabbbcc"})");
  EXPECT_EQ(concat.outcome().held, 0u);
}

TEST(ConcatMetadata, keeps_dockers_fields_if_asked) {
  FilterDriver concat = driver({{"use_partial_metadata", "true"}, {"keep_partial_metadata", "true"}});
  send(concat, {"a", 1});
  EXPECT_EQ(concat.record(docker({"b", 2, true})),
            R"({"container_id":"c","source":"stdout","log":"ab","partial_message":"true","partial_id":"p1",)"
            R"("partial_ordinal":"1","partial_last":"false"})");
}

TEST(ConcatMetadata, whole_lines_go_on_as_they_are_between_fragments) {
  FilterDriver concat = driver(metadata);
  send(concat, {"a", 1});
  EXPECT_EQ(concat.record(event("whole")), event("whole"));
  EXPECT_THAT(send(concat, {"b", 2, true}), ElementsAre("ab"));
}

TEST(ConcatMetadata, a_last_fragment_without_text_ends_a_line) {
  FilterDriver concat = driver(metadata);
  const std::string full(16384, 'x');
  send(concat, {full, 1});
  EXPECT_THAT(send(concat, {"", 2, true}), ElementsAre(full));
  EXPECT_EQ(incomplete(concat, "missing_fragment"), 0);
}

TEST(ConcatMetadata, interleaved_streams_are_joined_each_by_itself) {
  FilterDriver concat = driver(metadata);
  send(concat, {"o1", 1, false, "p1", "stdout"});
  send(concat, {"e1", 1, false, "p2", "stderr"});
  send(concat, {"x1", 1, false, "p1", "stderr"});
  EXPECT_THAT(send(concat, {"o2", 2, true, "p1", "stdout"}), ElementsAre("o1o2"));
  EXPECT_THAT(send(concat, {"x2", 2, true, "p1", "stderr"}), ElementsAre("x1x2"));
  EXPECT_THAT(send(concat, {"e2", 2, true, "p2", "stderr"}), ElementsAre("e1e2"));
}

TEST(ConcatMetadata, fragments_are_put_in_the_order_of_their_ordinals) {
  FilterDriver concat = driver(metadata);
  for (const int ordinal : {2, 1, 10, 9, 8, 7, 3, 4, 6, 5}) send(concat, {cat("<", ordinal, ">"), ordinal});
  EXPECT_THAT(send(concat, {"!", 11, true}), ElementsAre("<1><2><3><4><5><6><7><8><9><10>!"));
  FilterDriver separated = driver({{"use_partial_metadata", "true"}, {"separator", "|"}});
  send(separated, {"b", 2});
  send(separated, {"a", 1});
  EXPECT_THAT(send(separated, {"c", 3, true}), ElementsAre("a|b|c"));
}

TEST(ConcatMetadata, a_fragment_that_came_twice_is_joined_once) {
  FilterDriver concat = driver(metadata);
  send(concat, {"a", 1});
  send(concat, {"b", 2});
  send(concat, {"b", 2});
  EXPECT_THAT(send(concat, {"c", 3, true}), ElementsAre("abc"));
  EXPECT_EQ(metric(concat, "logboom_concat_repeated_fragments_total"), 1);
  EXPECT_EQ(incomplete(concat, "missing_fragment"), 0);
  EXPECT_EQ(concat.outcome().held, 0u);
}

TEST(ConcatMetadata, equal_fragments_without_ordinals_are_all_joined) {
  FilterDriver concat = driver(metadata);
  const std::string fragment = R"({"log":"=","partial_message":"true","partial_id":"p"})";
  concat.send("t", fragment);
  concat.send("t", fragment);
  EXPECT_EQ(concat.record(R"({"log":"!","partial_message":"true","partial_id":"p","partial_last":"true"})"),
            event("==!"));
}

TEST(ConcatMetadata, where_fragments_are_missing_the_rest_goes_on_and_is_counted) {
  FilterDriver concat = driver(metadata);
  send(concat, {"a", 1});
  EXPECT_THAT(send(concat, {"c", 3, true}), ElementsAre("ac"));
  EXPECT_EQ(incomplete(concat, "missing_fragment"), 1);
  EXPECT_EQ(concat.record(docker({"z", 4, true, "p9"})), R"({"container_id":"c","source":"stdout","log":"z"})");
  EXPECT_EQ(incomplete(concat, "missing_fragment"), 2);
}

TEST(ConcatMetadata, text_that_never_gets_its_last_fragment_goes_on_when_it_times_out) {
  FilterDriver concat = driver({{"use_partial_metadata", "true"}, {"flush_interval", "2"}});
  send(concat, {"no line end", 1});
  EXPECT_THAT(concat.expire(Clock::now() + seconds(3)),
              ElementsAre(Row{"t", "1700000000", R"({"container_id":"c","source":"stdout","log":"no line end"})"}));
  EXPECT_EQ(incomplete(concat, "timeout"), 1);
  EXPECT_TRUE(concat.outcome().failed.empty());
  send(concat, {"again", 1});
  EXPECT_THAT(logs(concat.flush()), ElementsAre("again"));
}

TEST(ConcatMetadata, a_line_that_is_too_long_goes_on_in_pieces_of_which_none_counts_as_missing) {
  FilterDriver concat = driver({{"use_partial_metadata", "true"}, {"max_event_size", "4"}});
  EXPECT_THAT(send(concat, {"aa", 1}), IsEmpty());
  EXPECT_THAT(send(concat, {"bb", 2}), IsEmpty());
  EXPECT_THAT(send(concat, {"cc", 3}), ElementsAre("aabb"));
  EXPECT_THAT(send(concat, {"d", 4, true}), ElementsAre("ccd"));
  EXPECT_EQ(incomplete(concat, "max_event_size"), 1);
  EXPECT_EQ(incomplete(concat, "missing_fragment"), 0);
  EXPECT_EQ(concat.outcome().held, 0u);
}

TEST(ConcatMetadata, characters_that_were_cut_are_whole_again_and_bytes_stay_what_they_are) {
  FilterDriver concat = driver(metadata);
  const auto fragment = [](std::string_view bytes, const char* ordinal, const char* last) {
    OutBuffer out;
    msgpack::Writer w(out);
    w.map(5);
    for (const std::string_view text :
         {std::string_view("log"), bytes, std::string_view("partial_message"), std::string_view("true"),
          std::string_view("partial_id"), std::string_view("p"), std::string_view("partial_ordinal"),
          std::string_view(ordinal), std::string_view("partial_last"), std::string_view(last)}) {
      w.string(text);
    }
    return testing::BatchOf("t").packed(out.text()).make();
  };
  concat.send(fragment("x\xe2\x82", "1", "false"));
  EXPECT_THAT(logs(concat.send(fragment("\xac!", "2", "true"))), ElementsAre("x€!"));
}

TEST(ConcatMetadata, journalds_names_and_its_last_fragment_without_the_message_field) {
  for (const bool lower : {false, true}) {
    FilterDriver concat =
        driver({{"use_partial_metadata", "true"},
                {"partial_metadata_format", lower ? "docker-journald-lowercase" : "docker-journald"}});
    const std::string p = lower ? "container_partial_" : "CONTAINER_PARTIAL_";
    const auto name = [&](std::string part) {
      if (!lower) std::transform(part.begin(), part.end(), part.begin(), [](char c) { return char(c - 32); });
      return p + part;
    };
    concat.send("t", cat(R"({"log":"a",")", name("message"), R"(":"true",")", name("id"), R"(":"1",")", name("ordinal"),
                         R"(":"1",")", name("last"), R"(":"false"})"));
    EXPECT_EQ(concat.record(cat(R"({"log":"b",")", name("id"), R"(":"1",")", name("ordinal"), R"(":"2",")",
                                name("last"), R"(":"true"})")),
              event("ab"));
  }
}

TEST(ConcatMetadata, strange_fields_hurt_nothing) {
  FilterDriver concat = driver(metadata);
  EXPECT_EQ(concat.record(R"({"log":"a","partial_message":null,"partial_last":true,"partial_ordinal":{}})"),
            event("a"));
  concat.send("t", R"({"log":"b","partial_message":1,"partial_id":[],"partial_ordinal":-1})");
  EXPECT_EQ(
      concat.record(R"({"log":"c","partial_message":1,"partial_id":[],"partial_ordinal":"x","partial_last":"true"})"),
      event("bc"));
  EXPECT_EQ(concat.outcome().held, 0u);
}

TEST(ConcatPartialKey, joins_until_the_field_has_another_value) {
  FilterDriver concat = driver({{"partial_key", "partial"}, {"partial_value", "true"}});
  EXPECT_EQ(concat.record(R"({"log":"whole"})"), event("whole"));
  concat.send("t", R"({"log":"a","partial":"true"})");
  concat.send("t", R"({"log":"b","partial":"true"})");
  EXPECT_EQ(concat.record(R"({"log":"c","partial":"false"})"), event("abc"));
  EXPECT_EQ(concat.record(R"({"log":"d","partial":"false"})"), event("d"));
  FilterDriver kept = driver({{"partial_key", "p"}, {"partial_value", "1"}, {"keep_partial_key", "true"}});
  EXPECT_EQ(kept.record(R"({"log":"d","p":"0"})"), R"({"log":"d","p":"0"})");
}

TEST(ConcatCri, joins_p_lines_with_the_f_line_of_their_stream) {
  FilterDriver concat = driver({{"use_partial_cri_logtag", "true"}, {"partial_cri_logtag_key", "logtag"}});
  const auto line = [](std::string_view log, std::string_view tag, std::string_view stream) {
    return cat(R"({"log":")", log, R"(","logtag":")", tag, R"(","stream":")", stream, R"(","k":1})");
  };
  EXPECT_EQ(concat.record(line("whole", "F", "stdout")), R"({"log":"whole","k":1})");
  concat.send("t", line("o1", "P", "stdout"));
  concat.send("t", line("e1", "P:more", "stderr"));
  EXPECT_EQ(concat.record(line("o2", "F:more", "stdout")), R"({"log":"o1o2","k":1})");
  EXPECT_EQ(concat.record(line("e2", "F", "stderr")), R"({"log":"e1e2","k":1})");
  EXPECT_EQ(concat.record(R"({"log":"no tag"})"), R"({"log":"no tag"})");
}

TEST(ConcatMetadata, texts_of_every_header_size_are_well_formed) {
  for (const std::size_t size : {0U, 15U, 16U, 127U, 128U, 32767U, 32768U, 500'000U}) {
    FilterDriver concat = driver(metadata);
    const std::string half(size, 'h');
    send(concat, {half, 1});
    EXPECT_THAT(send(concat, {half, 2, true}), ElementsAre(half + half));
  }
}

}  // namespace
}  // namespace logboom::concat_test
