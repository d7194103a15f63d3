/// Columns that are written as CSV come back; other texts do no harm. The input is the columns with \x1f between.
#include <logboom/testing/parser_check.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_csv();
}

namespace {

using logboom::testing::ParserDriver;

struct Columns final : logboom::ParsedSink {
  void record(const std::optional<logboom::EventTime>&, const logboom::msgpack::Value& map) override {
    logboom::Record(map).for_each([this](const auto&, const auto& value) { texts.emplace_back(value.text()); });
  }
  std::vector<std::string> texts;
};

void there_and_back(ParserDriver& driver, std::string_view text) {
  std::vector<std::string> columns(1);
  std::string csv = "\"";
  for (const char c : text) {
    if (c == '\x1f') {
      columns.emplace_back();
      csv += "\",\"";
      continue;
    }
    columns.back() += c;
    csv += c;
    if (c == '"') csv += c;
  }
  csv += '"';
  columns.resize(4);
  Columns got;
  std::string error;
  if (!driver.parser().parse(csv, got, error) || got.texts != columns) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ParserDriver normal(logboom::plugins::parser_csv(), {{"keys", "a,b,c,d"}});
  static ParserDriver other(logboom::plugins::parser_csv(),
                            {{"keys", "a,b,c,d"}, {"delimiter", "||"}, {"time_key", "b"}, {"time_type", "float"}});
  static ParserDriver fast(logboom::plugins::parser_csv(), {{"keys", "a,b,c,d"}, {"parser_engine", "fast"}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  there_and_back(normal, text);
  logboom::testing::parses_well(normal.parser(), text);
  logboom::testing::parses_well(other.parser(), text);
  if (!logboom::testing::parses_well(fast.parser(), text)) std::abort();
  return 0;
}
