#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/parser.hpp>
#include <logboom/testing.hpp>

namespace logboom::testing {

/// One record that a parser made: its time as "1700000000.5" would be "1700000000.500000000", "" where the text says
/// none; the record as JSON.
struct ParsedRow {
  std::string time;
  std::string record;

  friend bool operator==(const ParsedRow&, const ParsedRow&) = default;
  friend std::ostream& operator<<(std::ostream& out, const ParsedRow& row) {
    return out << '[' << row.time << "] " << row.record;
  }
};

class ParsedRows final : public ParsedSink {
 public:
  void record(const std::optional<EventTime>& time, const msgpack::Value& map) override {
    rows.push_back({time ? time_text(*time) : "", json_text(map)});
  }
  std::vector<ParsedRow> rows;
};

/// Makes one parser from parameters, as a `<parse>` section would. Positions are those of FakeContext. For tests only.
class ParserDriver {
 public:
  using Params = FakeContext::Params;
  /// Puts more into the section, such as sections within it, and into the context before the parser is made.
  using Prepare = std::function<void(FakeContext&)>;

  explicit ParserDriver(const PluginInfo& info, const Params& params = {}, const Prepare& prepare = {})
      : context_("parse", info.name, params) {
    if (prepare) prepare(context_);
    parser_ = info.make(context_.element(), context_);
  }

  Parser& parser() { return dynamic_cast<Parser&>(*parser_); }
  const std::vector<std::string>& warnings() const noexcept { return context_.warnings(); }

  /// The records of a text; empty where it does not match, `error` then saying why. Throws std::logic_error where the
  /// parser breaks its contract.
  std::vector<ParsedRow> parse(std::string_view text) {
    ParsedRows sink;
    error.clear();
    // A copy of its own, so that AddressSanitizer sees a parser that looks beyond the end.
    const std::vector<char> bytes(text.begin(), text.end());
    const bool matched = parser().parse({bytes.data(), bytes.size()}, sink, error);
    if (!matched && !sink.rows.empty()) throw std::logic_error("records of a text that does not match");
    if (!matched && error.empty()) throw std::logic_error("no match, and no reason");
    return std::move(sink.rows);
  }
  /// The one record of a text as JSON, or "error: why".
  std::string record(std::string_view text) {
    const std::vector<ParsedRow> rows = parse(text);
    if (!error.empty()) return "error: " + error;
    if (rows.size() != 1) throw std::logic_error("not one record");
    return rows[0].record;
  }
  /// Its time, "" where the text says none, or "error: why".
  std::string time(std::string_view text) {
    const std::vector<ParsedRow> rows = parse(text);
    if (!error.empty()) return "error: " + error;
    if (rows.size() != 1) throw std::logic_error("not one record");
    return rows[0].time;
  }

  std::string error;

 private:
  FakeContext context_;
  std::unique_ptr<Plugin> parser_;
};

/// A BuildContext's parser hook that makes parsers of these kinds, each named by its `@type`.
inline std::function<BuildContext::ParserFactory(const PluginSection&)> parsers_of(std::vector<PluginInfo> infos) {
  return [infos = std::move(infos)](const PluginSection& section) -> BuildContext::ParserFactory {
    for (const PluginInfo& info : infos) {
      if (info.name != section.type) continue;
      const auto context = std::make_shared<FakeContext>("parse", info.name);
      if (section.element != nullptr) context->section() = *section.element;
      static_cast<void>(info.make(context->element(), *context));
      return [info, context] {
        auto plugin = info.make(context->element(), *context);
        return std::unique_ptr<Parser>(dynamic_cast<Parser*>(plugin.release()));
      };
    }
    throw ConfigError({}, cat("no parser '", section.type, "' in this test"));
  };
}

}  // namespace logboom::testing
