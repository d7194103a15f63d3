#pragma once

#include <logboom/formatter.hpp>
#include <logboom/json_reader.hpp>

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logboom::testing {

/// Makes one formatter from parameters, as a `<format>` section would, and formats records that are given as JSON.
/// The section stands at line 1 of "test.conf", its parameters from line 2 on.
class FormatterDriver {
 public:
  using Params = std::vector<std::pair<std::string, std::string>>;

  explicit FormatterDriver(const PluginInfo& info, const Params& params = {}) {
    const auto file = std::make_shared<const std::string>("test.conf");
    context_.section.name = "format";
    context_.section.pos = {file, 1, 1};
    unsigned line = 2;
    for (const auto& [key, value] : params) {
      Attribute attribute;
      attribute.key = key;
      attribute.value = value;
      attribute.key_pos = {file, line, 1};
      attribute.value_pos = {file, line++, static_cast<unsigned>(key.size()) + 2};
      context_.section.attributes.push_back(std::move(attribute));
    }
    formatter_ = info.make(context_.section, context_);
  }

  Formatter& formatter() { return dynamic_cast<Formatter&>(*formatter_); }
  const std::vector<std::string>& warnings() const { return context_.warnings; }

  std::string format(std::string_view tag, EventTime time, const msgpack::Value& record) {
    Event event;
    event.time = time;
    event.record = Record(record);
    OutBuffer out;
    if (!formatter().format(tag, event, out)) throw std::runtime_error("the formatter refused the event");
    return std::string(out.text());
  }
  std::string format(std::string_view tag, EventTime time, std::string_view json) {
    OutBuffer bytes;
    JsonError error;
    if (!JsonReader().read(json, bytes, error)) throw std::runtime_error(error.message);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return format(tag, time, msgpack::Value(data, data + bytes.size()));
  }

 private:
  struct QuietLog : Log {
    void write(LogLevel, std::string_view) override {}
  };
  struct NoMetrics : Metrics {
    void counter(std::string, MetricLabels, const Counter&) override {}
    void gauge(std::string, MetricLabels, std::function<std::int64_t()>) override {}
    void visit(const std::function<void(const Sample&)>&) const override {}
  };
  struct Context : BuildContext {
    const std::string& id() const override { return name; }
    const Element& element() const override { return section; }
    Log& log() override { return quiet; }
    Metrics& metrics() override { return none; }
    MetricLabels labels() const override { return {}; }
    const SystemSettings& system() const override { return settings; }
    void warn(const SourcePos& pos, std::string message) override {
      warnings.push_back(pos.to_string() + ": " + message);
    }
    FormatterFactory formatter(const PluginSection&) override {
      throw std::logic_error("a formatter has no formatter");
    }
    std::size_t store(const PluginSection&) override { throw std::logic_error("a formatter has no stores"); }

    std::string name = "format";
    Element section;
    QuietLog quiet;
    NoMetrics none;
    SystemSettings settings;
    std::vector<std::string> warnings;
  };

  Context context_;
  std::unique_ptr<Plugin> formatter_;
};

}  // namespace logboom::testing
