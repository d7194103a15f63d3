#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/plugin.hpp>

/// What a plugin finds while it is made, for tests: a log, metrics and a build context that remember.
namespace logboom::testing {

/// Keeps each line as "warn: text", of every level. Threads: any.
class RecordingLog final : public Log {
 public:
  RecordingLog() { set_level(LogLevel::trace); }
  void write(LogLevel level, std::string_view message) override {
    static constexpr std::string_view names[] = {"trace", "debug", "info", "warn", "error", "fatal", "off"};
    const std::lock_guard lock(mutex_);
    lines_.push_back(cat(names[static_cast<std::size_t>(level)], ": ", message));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::size_t count(std::string_view part) const {
    std::size_t found = 0;
    for (const std::string& line : lines()) found += line.find(part) != std::string::npos ? 1U : 0U;
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class RecordingMetrics final : public Metrics {
 public:
  void counter(std::string name, MetricLabels labels, const Counter& counter) override {
    gauge(std::move(name), std::move(labels), [&counter] { return static_cast<std::int64_t>(counter.value()); });
  }
  void gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) override {
    entries_.push_back({std::move(name), std::move(labels), std::move(read)});
  }
  void visit(const std::function<void(const Sample&)>& each) const override {
    for (const Entry& entry : entries_) each({entry.name, entry.labels, entry.read()});
  }

 private:
  struct Entry {
    std::string name;
    MetricLabels labels;
    std::function<std::int64_t()> read;
  };
  std::vector<Entry> entries_;
};

/// What a plugin is made with. The section stands at line 1 of "test.conf", its parameters from line 2 on.
class FakeContext final : public BuildContext {
 public:
  using Params = std::vector<std::pair<std::string, std::string>>;

  FakeContext(std::string section_name, std::string type, const Params& params = {}) : id_(cat(type, ":1")) {
    const auto file = std::make_shared<const std::string>("test.conf");
    element_.name = std::move(section_name);
    element_.pos = {file, 1, 1};
    unsigned line = 2;
    add("@type", type, {file, line++, 1});
    for (const auto& [key, value] : params) add(key, value, {file, line++, 1});
  }

  const std::string& id() const override { return id_; }
  const Element& element() const override { return element_; }
  RecordingLog& log() override { return log_; }
  Metrics& metrics() override { return metrics_; }
  MetricLabels labels() const override { return {{"plugin_id", id_}}; }
  const SystemSettings& system() const override { return system_; }
  std::shared_ptr<Counter> regexp_counter() override { return regexp_counter_; }
  void warn(const SourcePos& pos, std::string message) override {
    warnings_.push_back(cat(pos.to_string(), ": ", message));
  }
  FormatterFactory formatter(const PluginSection& section) override {
    if (!formatters) throw ConfigError({}, cat("no formatter '", section.type, "' in this test"));
    return formatters(section);
  }
  ParserFactory parser(const PluginSection& section) override {
    if (!parsers) throw ConfigError({}, cat("no parser '", section.type, "' in this test"));
    return parsers(section);
  }
  Reemitter& reemitter() override {
    if (back == nullptr) throw ConfigError({}, "no way back in this test");
    return *back;
  }
  void label(const std::string& name, const SourcePos&) override { labels_used_.push_back(name); }
  std::size_t store(const PluginSection&, const std::vector<std::string>&) override { return stores_++; }

  Element& section() noexcept { return element_; }
  SystemSettings& settings() noexcept { return system_; }
  const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  const std::vector<std::string>& labels_used() const noexcept { return labels_used_; }
  /// Where formatters come from, if the plugin wants one.
  std::function<FormatterFactory(const PluginSection&)> formatters;
  std::function<ParserFactory(const PluginSection&)> parsers;
  Reemitter* back = nullptr;

 private:
  void add(std::string key, std::string value, SourcePos pos) {
    Attribute attribute;
    attribute.key_pos = pos;
    pos.column += static_cast<unsigned>(key.size()) + 1;
    attribute.value_pos = std::move(pos);
    attribute.key = std::move(key);
    attribute.value = std::move(value);
    element_.attributes.push_back(std::move(attribute));
  }

  std::string id_;
  Element element_;
  RecordingLog log_;
  RecordingMetrics metrics_;
  std::shared_ptr<Counter> regexp_counter_ = std::make_shared<Counter>();
  SystemSettings system_;
  std::vector<std::string> warnings_;
  std::vector<std::string> labels_used_;
  std::size_t stores_ = 0;
};

}  // namespace logboom::testing
