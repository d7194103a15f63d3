#include <gmock/gmock.h>
#include <logboom/testing/filter_driver.hpp>

#include <random>

#include "sample_traces.hpp"

namespace logboom::plugins {
PluginInfo out_detect_exceptions();
}

namespace logboom::detect_exceptions_test {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::EmitDriver;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Row;
using Params = EmitDriver::Params;
using Clock = Holder::Clock;

EmitDriver driver(Params params = {}) {
  params.emplace_back("remove_tag_prefix", "raw");
  params.emplace_back("force_line_breaks", "true");
  return EmitDriver(plugins::out_detect_exceptions(), params);
}
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}
BatchPtr batch_of(std::string_view tag, const std::vector<std::string>& lines) {
  testing::BatchOf batch(tag);
  for (const std::string& line : lines) {
    OutBuffer out;
    msgpack::Writer w(out);
    w.map(1);
    w.string("log");
    w.string(line);
    batch.packed(out.text());
  }
  return batch.make();
}
void texts_of(const std::vector<Row>& rows, std::vector<std::string>& texts) {
  for (const Row& row : rows) {
    const std::string bytes = testing::msgpack_of(row.record);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    texts.emplace_back(Record(msgpack::Value(data, data + bytes.size())).find("log").text());
  }
}
/// What becomes of lines, all of them given out at the end.
std::vector<std::string> joined(EmitDriver& detect, const std::vector<std::string>& lines) {
  std::vector<std::string> texts;
  texts_of(detect.send(batch_of("raw.app", lines)), texts);
  texts_of(detect.flush(), texts);
  EXPECT_EQ(detect.outcome().held, 0u);
  return texts;
}
std::vector<std::string> with(std::string_view before, std::vector<std::string> lines, std::string_view after) {
  lines.emplace(lines.begin(), before);
  lines.emplace_back(after);
  return lines;
}
TEST(DetectExceptions, joins_the_traces_of_each_language) {
  for (const Sample& sample : samples()) {
    for (const std::string_view languages : {sample.language, std::string_view("all")}) {
      EmitDriver detect = driver({{"languages", std::string(languages)}});
      const std::string text(sample.text);
      EXPECT_THAT(joined(detect, with("before", lines_of(text), "2023-11-14 INFO after (ok)")),
                  ElementsAre("before", text, "2023-11-14 INFO after (ok)"))
          << sample.language << ", " << sample.name;
    }
  }
}

TEST(DetectExceptions, knows_at_least_four_traces_of_each_language) {
  std::map<std::string_view, int> counts;
  for (const Sample& sample : samples()) ++counts[sample.language];
  EXPECT_EQ(counts.size(), 9u);
  for (const auto& [language, count] : counts) EXPECT_GE(count, 4) << language;
}

TEST(DetectExceptions, leaves_ordinary_lines_alone) {
  EmitDriver detect = driver();
  std::vector<std::string> lines(ordinary_lines().begin(), ordinary_lines().end());
  EXPECT_THAT(joined(detect, lines), ElementsAreArray(lines));
  EXPECT_EQ(detect.outcome().made, 0u);
}

TEST(DetectExceptions, a_line_that_looks_like_a_beginning_and_is_none_goes_on_unchanged) {
  EmitDriver detect = driver();
  for (const Sample& sample : samples()) {
    const std::string first = lines_of(sample.text)[0];
    if (sample.language == "rust" || sample.language == "dart") continue;
    EXPECT_THAT(joined(detect, {first, "fine", "", "well"}), ElementsAre(first, "fine", "", "well")) << first;
  }
  EXPECT_THAT(joined(detect, {"panic: x", "", "", "fine"}), ElementsAre("panic: x", "", "", "fine"));
}

TEST(DetectExceptions, lines_that_dart_might_have_printed_go_on_unchanged_when_no_frame_comes) {
  EmitDriver detect = driver();
  EXPECT_THAT(joined(detect, {"Unhandled exception:", "Bad state: x", "", "one", "two", "three"}),
              ElementsAre("Unhandled exception:\nBad state: x", "", "one", "two", "three"));
}

TEST(DetectExceptions, one_trace_behind_the_other_are_two_events) {
  EmitDriver detect = driver();
  std::vector<std::string> lines, expected;
  for (const Sample& sample : samples()) {
    if (sample.name == "without a note" || sample.name == "before 1.73") continue;
    const std::string text(sample.text);
    for (std::string& line : lines_of(text)) lines.push_back(std::move(line));
    expected.push_back(text);
  }
  EXPECT_THAT(joined(detect, lines), ElementsAreArray(expected));
}

TEST(DetectExceptions, only_the_languages_that_are_named_are_looked_for) {
  EmitDriver detect = driver({{"languages", "[\"java\", \"py\"]"}});
  EXPECT_THAT(joined(detect, {"panic: x", "goroutine 1 [running]:", "java.lang.Error: y", "\tat a.B.c(B.java:1)"}),
              ElementsAre("panic: x", "goroutine 1 [running]:", "java.lang.Error: y\n\tat a.B.c(B.java:1)"));
  try {
    driver({{"languages", "cobol"}});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("test.conf:3:"));
    EXPECT_THAT(error.what(), HasSubstr("cobol"));
    EXPECT_THAT(error.what(), HasSubstr("java, js"));
  }
}

TEST(DetectExceptions, takes_the_prefix_off_the_tag) {
  const auto emitted = [](const char* prefix, std::string_view tag) {
    EmitDriver detect(plugins::out_detect_exceptions(), {{"remove_tag_prefix", prefix}});
    return detect.send(tag, R"({"log":"x"})").at(0).tag;
  };
  EXPECT_EQ(emitted("raw", "raw.a.b"), "a.b");
  EXPECT_EQ(emitted("raw.a", "raw.a.b"), "b");
  EXPECT_EQ(emitted("raw", "rawer.a"), "rawer.a");
  EXPECT_EQ(emitted("raw", "raw"), "raw");
  EXPECT_EQ(emitted("", "raw.a"), "raw.a");
}

TEST(DetectExceptions, a_joined_event_has_the_first_ones_time_and_fields) {
  EmitDriver detect = driver();
  detect.send("raw.t", R"j({"a":1,"message":"x.Error: m","b":2})j", {100, 7});
  detect.send("raw.t", R"j({"c":1,"message":"\tat x.Y.z(Y.java:1)"})j", {200, 0});
  EXPECT_THAT(detect.flush(), ElementsAre(Row{"t", "100.000000007",
                                              R"j({"a":1,"message":"x.Error: m\n\tat x.Y.z(Y.java:1)","b":2})j"}));
}

TEST(DetectExceptions, the_line_is_in_the_named_field_or_else_in_message_or_log) {
  EmitDriver named(plugins::out_detect_exceptions(), {{"message", "text"}});
  named.send("t", R"j({"text":"E.Error: m\n","log":"1"})j");
  named.send("t", R"j({"text":"\tat x.Y.z(Y.java:1)\n","log":"2"})j");
  EXPECT_EQ(named.flush().at(0).record, R"j({"text":"E.Error: m\n\tat x.Y.z(Y.java:1)\n","log":"1"})j");
  EmitDriver both = driver();
  both.send("t", R"({"log":"Error: m","message":"none"})");
  EXPECT_EQ(both.outcome().held, 0u);
}

TEST(DetectExceptions, line_ends_are_put_between_only_if_asked_and_missing) {
  const auto join = [](const char* force, std::string_view end) {
    EmitDriver detect(plugins::out_detect_exceptions(), {{"force_line_breaks", force}});
    detect.send("t", cat(R"({"log":"Error: m)", end, R"("})"));
    detect.send("t", cat(R"({"log":"  at x)", end, R"("})"));
    return detect.flush().at(0).record;
  };
  EXPECT_EQ(join("false", "\\n"), R"({"log":"Error: m\n  at x\n"})");
  EXPECT_EQ(join("true", "\\n"), R"({"log":"Error: m\n  at x\n"})");
  EXPECT_EQ(join("true", ""), R"({"log":"Error: m\n  at x"})");
  EXPECT_EQ(join("false", ""), R"({"log":"Error: m  at x"})");
}

TEST(DetectExceptions, streams_are_told_apart_by_tag_and_field) {
  EmitDriver detect = driver({{"stream", "id"}});
  detect.send("raw.t", R"({"id":"a","log":"Error: a"})");
  detect.send("raw.t", R"({"id":"b","log":"Error: b"})");
  detect.send("raw.u", R"({"id":"a","log":"Error: c"})");
  detect.send("raw.t", R"({"id":"a","log":"  at a"})");
  detect.send("raw.u", R"({"id":"a","log":"  at c"})");
  detect.send("raw.t", R"({"id":"b","log":"  at b"})");
  std::vector<std::string> texts;
  texts_of(detect.flush(), texts);
  EXPECT_THAT(texts, ElementsAre("Error: a\n  at a", "Error: b\n  at b", "Error: c\n  at c"));
}

TEST(DetectExceptions, a_trace_goes_on_when_its_time_is_over) {
  EmitDriver detect = driver({{"multiline_flush_interval", "2s"}});
  EXPECT_FALSE(detect.plugin().holder()->next_expiry(0));
  detect.send(batch_of("raw.t", {"Error: a", "  at b"}));
  const auto next = detect.plugin().holder()->next_expiry(0);
  ASSERT_TRUE(next);
  EXPECT_THAT(detect.expire(*next - seconds(1)), IsEmpty());
  EXPECT_EQ(detect.expire(*next).size(), 1u);
  EXPECT_EQ(detect.outcome().held, 0u);
  EmitDriver never = driver({{"multiline_flush_interval", "0"}});
  never.send(batch_of("raw.t", {"Error: a"}));
  EXPECT_FALSE(never.plugin().holder()->next_expiry(0));
}

TEST(DetectExceptions, the_end_of_some_traces_is_known_at_once) {
  EmitDriver detect = driver();
  std::vector<std::string> texts;
  texts_of(detect.send(batch_of("raw.t", lines_of("thread 'a' panicked at x.rs:1:1:\nboom\nnote: run with"))), texts);
  EXPECT_EQ(texts.size(), 1u);
}

TEST(DetectExceptions, long_traces_are_cut) {
  EmitDriver lines = driver({{"max_lines", "3"}});
  EXPECT_THAT(joined(lines, {"Error: a", "  at 1", "  at 2", "  at 3"}),
              ElementsAre("Error: a\n  at 1\n  at 2", "  at 3"));
  EmitDriver bytes = driver({{"max_bytes", "16"}});
  EXPECT_THAT(joined(bytes, {"Error: a", "  at 1", "  at 2", "  at 3"}),
              ElementsAre("Error: a\n  at 1", "  at 2", "  at 3"));
  EmitDriver memory = driver({{"max_held_size", "8k"}});
  const std::vector<std::string> texts = joined(memory, std::vector<std::string>(100, "  at " + std::string(500, 'x')));
  EXPECT_EQ(texts.size(), 100u);
  std::vector<std::string> many(100, "  at " + std::string(500, 'x'));
  many.insert(many.begin(), "Error: a");
  std::size_t sizes = 0;
  for (const std::string& text : joined(memory, many)) sizes += text.size();
  EXPECT_GE(sizes, 100u * 505);
}

TEST(DetectExceptions, whatever_comes_nothing_is_lost_and_the_order_is_kept) {
  std::vector<std::string> pool(ordinary_lines().begin(), ordinary_lines().end());
  for (const Sample& sample : samples()) {
    for (std::string& line : lines_of(sample.text)) pool.push_back(std::move(line));
  }
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    EmitDriver detect = driver({{"max_lines", round % 2 == 0 ? "5" : "1000"}});
    std::string sent;
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i) {
      std::vector<std::string> lines;
      for (unsigned n = random() % 4; n > 0; --n) {
        lines.push_back(pool[random() % pool.size()]);
        sent += lines.back() + "\n";
      }
      texts_of(detect.send(batch_of("raw.t", lines)), texts);
      if (random() % 20 == 0) texts_of(detect.expire(Clock::now() + seconds(60)), texts);
    }
    texts_of(detect.flush(), texts);
    std::string came;
    for (const std::string& text : texts) came += text + "\n";
    ASSERT_EQ(came, sent) << "round " << round;
    ASSERT_EQ(detect.outcome().held, 0u);
  }
}

TEST(DetectExceptions, records_without_a_text_end_a_trace_and_go_on) {
  EmitDriver detect = driver();
  detect.send("raw.t", R"({"log":"Error: a"})");
  EXPECT_THAT(detect.send("raw.t", R"({"log":5})"),
              ElementsAre(Row{"t", "1700000000", R"({"log":"Error: a"})"}, Row{"t", "1700000000", R"({"log":5})"}));
}

}  // namespace
}  // namespace logboom::detect_exceptions_test
