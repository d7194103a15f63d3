#include <gmock/gmock.h>
#include <logboom/testing/parser_driver.hpp>

#include <random>

#include "pipeline/registry.hpp"

// What holds for every parser in plugins/, whatever bytes it gets.
namespace logboom {

static void PrintTo(const PluginInfo& info, std::ostream* out) { *out << "parser_" << info.name; }

namespace {

using ::testing::IsEmpty;
using testing::ParsedRow;
using testing::ParserDriver;

/// What a parser can't be made without.
ParserDriver::Params needed_by(const std::string& name) {
  if (name == "csv" || name == "tsv") return {{"keys", "a,b,c"}};
  if (name == "regexp") return {{"expression", R"(/^(?<time>[^ ]*) (?<a>\w+)(?: (?<b>.*))?$/)"}};
  if (name == "multiline") return {{"format_firstline", "/^\\d/"}, {"format1", R"(/^(?<a>\w+)(?<b>.*)/)"}};
  if (name == "grok") return {{"grok_pattern", "%{WORD:a} %{GREEDYDATA:b}"}};
  return {};
}

void prepare(testing::FakeContext& context) {
  std::vector<PluginInfo> parsers;
  for (PluginInfo& info : builtin_plugins()) {
    if (info.kind == PluginKind::parser) parsers.push_back(std::move(info));
  }
  context.parsers = testing::parsers_of(std::move(parsers));
  if (context.element().find("@type")->value != "multi_format") return;
  for (const char* format : {"json", "ltsv"}) {
    Element& pattern = context.section().children.emplace_back();
    pattern.name = "pattern";
    pattern.attributes.emplace_back().key = "format";
    pattern.attributes.back().value = format;
  }
}

std::vector<PluginInfo> parsers() {
  std::vector<PluginInfo> out;
  for (PluginInfo& info : builtin_plugins()) {
    if (info.kind == PluginKind::parser) out.push_back(std::move(info));
  }
  return out;
}

class WellFormed final : public ParsedSink {
 public:
  void record(const std::optional<EventTime>& time, const msgpack::Value& map) override {
    ++records;
    ASSERT_EQ(map.type(), msgpack::Type::map);
    ASSERT_EQ(msgpack::skip(map.begin(), map.end()), map.end()) << "one whole object";
    if (time) {
      EXPECT_LT(time->nsec, 1'000'000'000U);
    }
  }
  std::size_t records = 0;
};

class EveryParser : public ::testing::TestWithParam<PluginInfo> {
 protected:
  EveryParser() : driver_(GetParam(), needed_by(GetParam().name), prepare) {}

  void check(std::string_view text) {
    // A copy of its own, so that AddressSanitizer sees a parser that looks beyond the end.
    const std::vector<char> bytes(text.begin(), text.end());
    WellFormed sink;
    std::string error;
    const bool matched = driver_.parser().parse({bytes.data(), bytes.size()}, sink, error);
    if (matched) return;
    EXPECT_EQ(sink.records, 0u) << "no match, but a record: " << text.substr(0, 100);
    EXPECT_NE(error, "") << "no match, and no reason: " << text.substr(0, 100);
    EXPECT_LT(error.size(), 1000u) << "a reason that no one reads";
  }

  ParserDriver driver_;
};

constexpr std::string_view samples[] = {
    R"({"time":1700000000.5,"a":[1,null,"x"],"b":{"c":-1.5e300}})",
    R"(127.0.0.1 192.168.0.1 - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "Opera/12.0" -)",
    "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration",
    "2020-10-10T00:10:00.333333333Z stdout F Hello Fluentd",
    "time:2023-11-14T22:13:20Z\thost:web1\tua:a:b",
    R"(time=2023-11-14T22:13:20Z level=info took=0.25 msg="it \"works\"" cached)",
    R"(2023-11-14,"a ""quoted"" text",x)",
    "<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] Syslog test",
    "<16>1 2013-02-28T12:00:00.003Z 192.168.0.1 fluentd 11111 ID24224 [exampleSDID@20224 iut=\"3\"] Hi, from Fluentd!",
    "\x82\xa4time\x05\xa1\x61\xa1x",
};

TEST_P(EveryParser, survives_texts_that_were_changed_here_and_there) {
  std::mt19937 random(1);
  constexpr std::string_view pieces[] = {
      "\"",          "\\", "\n", "\r\n", "\t", " ", ":", "=", "[",    "]",    "{",
      "}",           "<",  ">",  ",",    "%",  "-", "9", "é", "\xff", "\xc3", std::string_view("\0", 1),
      "\xdf\xff\xff"};
  for (const std::string_view sample : samples) {
    check(sample);
    for (int i = 0; i < 400; ++i) {
      std::string text(sample);
      for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
        text.replace(random() % (text.size() + 1), random() % 3, pieces[random() % std::size(pieces)]);
      }
      if (random() % 4 == 0) text.resize(random() % (text.size() + 1));
      check(text);
    }
  }
}

TEST_P(EveryParser, survives_random_bytes) {
  std::mt19937 random(2);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    check(text);
  }
}

TEST_P(EveryParser, survives_a_line_of_a_megabyte) {
  constexpr std::size_t megabyte = 1 << 20;
  for (const std::string_view piece :
       {"a", " ", "\"", "[", "{\"a\":", "a=\"\\\"", "a:\t", "9", "\\", "\xff", "é ", "\n", "\"\",", "- "}) {
    std::string text;
    while (text.size() < megabyte) text += piece;
    check(text);
  }
}

TEST_P(EveryParser, gives_the_same_for_the_same_text_whatever_came_between) {
  if (driver_.parser().unit() == Parser::Unit::stream) GTEST_SKIP() << "a stream goes on";
  for (const std::string_view first : samples) {
    const std::vector<ParsedRow> rows = driver_.parse(first);
    const std::string error = driver_.error;
    for (const std::string_view second : samples) {
      driver_.parse(second);
      EXPECT_EQ(driver_.parse(first), rows) << first << " after " << second;
      EXPECT_EQ(driver_.error, error);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryParser, ::testing::ValuesIn(parsers()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace logboom
