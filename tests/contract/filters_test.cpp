#include <gmock/gmock.h>
#include <unistd.h>
#include <logboom/formatter.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

#include <filesystem>
#include <fstream>

#include "../../plugins/filter_geoip/tests/mmdb.hpp"
#include "pipeline/registry.hpp"

// What holds for every filter in plugins/, whatever bytes a record has.
namespace logboom {

static void PrintTo(const PluginInfo& info, std::ostream* out) { *out << "filter_" << info.name; }

namespace {

using testing::FilterDriver;

std::vector<PluginInfo> of_kind(PluginKind kind) {
  std::vector<PluginInfo> out;
  for (PluginInfo& info : builtin_plugins()) {
    if (info.kind == kind) out.push_back(std::move(info));
  }
  return out;
}

/// Nothing is to be seen on the tests' stdout.
class Silent final : public Formatter {
 public:
  bool format(std::string_view, const Event&, OutBuffer&) override { return true; }
};
BuildContext::FormatterFactory silent(const PluginSection&) {
  return [] { return std::make_unique<Silent>(); };
}

/// An address database that knows one network.
std::string database() {
  const std::string path = ::testing::TempDir() + "logboom-filters-" + std::to_string(::getpid()) + ".mmdb";
  testing::Mmdb made;
  made.add("192.0.2.0/24", R"({"city":{"names":{"en":"Somewhere"}}})");
  std::ofstream(path, std::ios::binary) << made.bytes();
  return path;
}

void prepare_filter(testing::FakeContext& context) {
  context.parsers = testing::parsers_of(of_kind(PluginKind::parser));
  const std::string& name = context.element().find("@type")->value;
  const auto section = [&context](const char* section_name, const FilterDriver::Params& params) {
    context.section().children.push_back(testing::section(section_name, params));
  };
  if (name == "grep") section("exclude", {{"key", "x"}, {"pattern", "/^nothing$/"}});
  if (name == "parser") section("parse", {{"@type", "none"}, {"message_key", "parsed"}});
  if (name == "record_transformer") section("record", {{"added", "${record[\"x\"]}!"}});
  if (name == "record_modifier") section("record", {{"added", "${record[\"x\"]}!"}});
  if (name == "geoip") section("record", {{"city", "${city.names.en[\"x\"]}"}});
  if (name == "stdout") context.formatters = silent;
}

/// Each looks at the field `x`, and has nothing against what is in it.
FilterDriver::Params params_of(const std::string& name) {
  if (name == "concat") return {{"key", "x"}, {"multiline_start_regexp", "/^start/"}};
  if (name == "dedot") return {{"de_dot_nested", "true"}};
  if (name == "detect_exceptions") return {{"message", "x"}};
  if (name == "geoip") return {{"geoip2_database", database()}, {"geoip_lookup_keys", "x"}};
  if (name == "parser") return {{"key_name", "x"}, {"reserve_data", "true"}, {"reserve_time", "true"}};
  if (name == "record_transformer") return {{"enable_ruby", "true"}};
  if (name == "redact") return {{"patterns", "email, ipv4, ipv6, credit_card, jwt, aws_key"}};
  if (name == "sampling") return {{"interval", "1"}};
  if (name == "throttle") return {{"group_key", "x"}};
  return {};
}

/// Where what goes on is kept as bytes: as text a broken byte could not be told from U+FFFD.
class Bytes final : public FilterSink {
 public:
  unsigned worker() const noexcept override { return 0; }
  void keep(const Event& event) override { add(event.time, text_of(event.record.value())); }
  void replace(const Event&, const EventTime& time, std::string_view record) override { add(time, record); }
  void add(const EventTime&, std::string_view record) override { records.emplace_back(record); }
  void release(const EventTime& time, std::string_view record, std::uint64_t) override { add(time, record); }
  void hold(const Event&) override {}
  void drop(const Event&) override { FAIL() << "it was dropped"; }
  void fail(const Event&, std::string_view reason) override { FAIL() << reason; }

  static std::string_view text_of(const msgpack::Value& value) {
    return {reinterpret_cast<const char*>(value.begin()), value.size()};
  }

  std::vector<std::string> records;
};

class Released final : public ReleaseSink {
 public:
  explicit Released(Bytes& bytes) : bytes_(bytes) {}
  unsigned worker() const noexcept override { return 0; }
  void release(std::string_view, const EventTime& time, std::string_view record, std::uint64_t) override {
    bytes_.add(time, record);
  }
  void release_to(std::string_view, std::string_view, const EventTime& time, std::string_view record,
                  std::uint64_t) override {
    bytes_.add(time, record);
  }
  /// To @ERROR, whole.
  void fail(std::string_view, const EventTime& time, std::string_view record, std::uint64_t,
            std::string_view) override {
    bytes_.add(time, record);
  }

 private:
  Bytes& bytes_;
};

constexpr std::string_view broken[] = {
    "\xff",       "a\xc3",          "\xe2\x82 b",    "\xc0\xaf",        "\xed\xa0\x80", "\xf5\x80\x80\x80",
    "start \xfe", "Error: a\xff b", "a@b.de \xff 1", "{\"a\":\"\xff\"}"};

class EveryFilter : public ::testing::TestWithParam<PluginInfo> {
 protected:
  /// The value of each field beside it, and of the field itself: nested, and as a key too.
  static std::string record_with(std::string_view text) {
    OutBuffer out;
    msgpack::Writer writer(out);
    writer.map(5);
    writer.string("x");
    writer.string(text);
    writer.string("other");
    writer.string(text);
    writer.string("deep");
    writer.map(1);
    writer.string("list");
    writer.array(2);
    writer.string(text);
    writer.integer(1);
    writer.string(std::string("key ") + std::string(text.substr(0, 1)));
    writer.string("fine");
    writer.string("plain");
    writer.string("unchanged");
    return std::string(out.text());
  }

  std::vector<std::string> pass(std::string_view record) {
    FilterDriver driver(GetParam(), params_of(GetParam().name), prepare_filter);
    std::filesystem::remove(::testing::TempDir() + "logboom-filters-" + std::to_string(::getpid()) + ".mmdb");
    Bytes sink;
    const BatchPtr batch = testing::BatchOf("t").packed(record).make();
    driver.plugin().apply(*batch, sink);
    if (Holder* const holder = driver.plugin().holder()) {
      Released released(sink);
      holder->flush(released);
    }
    return sink.records;
  }
};

msgpack::Value view(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {data, data + bytes.size()};
}

/// What redact finds in the texts is the only thing that may change.
bool may_change(const PluginInfo& info, std::string_view text) {
  return info.name == "redact" && text.find('@') != std::string_view::npos;
}

TEST_P(EveryFilter, leaves_bytes_that_are_no_utf8_as_they_are) {
  for (const std::string_view text : broken) {
    const std::string before = record_with(text);
    const std::vector<std::string> after = pass(before);
    ASSERT_EQ(after.size(), 1u) << text;
    ASSERT_EQ(msgpack::skip(view(after[0]).begin(), view(after[0]).end()), view(after[0]).end()) << "one whole record";
    if (may_change(GetParam(), text)) continue;
    const Record changed(view(after[0]));
    Record(view(before)).for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
      EXPECT_EQ(Bytes::text_of(changed.find(key.text())), Bytes::text_of(value)) << text << ", field " << key.text();
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryFilter, ::testing::ValuesIn(of_kind(PluginKind::filter)),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace logboom
