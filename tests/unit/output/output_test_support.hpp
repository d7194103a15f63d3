#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/formatter.hpp>
#include <logboom/parser.hpp>
#include <logboom/plugin.hpp>

#include "config/parser.hpp"

/// What tests of buffers, sinks and outputs share.
namespace logboom::test {

using namespace std::chrono_literals;

/// A batch of events {"n": first}, {"n": first + 1} … at `sec`, in a slab of its own, or in `slab_size` bytes.
inline BatchPtr batch_of(std::string_view tag, std::int64_t first, std::int64_t count, std::int64_t sec = 1700000000,
                         std::size_t slab_size = 0, std::size_t padding = 0) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  for (std::int64_t n = first; n < first + count; ++n) {
    writer.array(2);
    writer.integer(sec);
    writer.map(padding > 0 ? 2 : 1);
    writer.string("n");
    writer.integer(n);
    if (padding > 0) {
      writer.string("p");
      writer.string(std::string(padding, 'x'));
    }
  }
  const SlabPtr slab(Slab::make(std::max(slab_size, bytes.size())));
  if (!bytes.empty()) std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto batch = std::make_unique<EventBatch>(Tag::make(tag));
  batch->add(Span{slab->data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(count)}, slab);
  return BatchPtr(std::move(batch));
}

inline std::int64_t number_of(const Event& event) {
  std::int64_t n = -1;
  event.record.find("n").to_int(n);
  return n;
}

struct ReceiptState {
  std::atomic<int> confirmed{0};
  std::atomic<int> failed{0};
};

inline Receipts receipt_for(ReceiptState& state) {
  struct Target : Receipt::Target {
    explicit Target(ReceiptState& s) : state(s) {}
    void settled(bool ok) noexcept override { ++(ok ? state.confirmed : state.failed); }
    ReceiptState& state;
  };
  Receipts receipts;
  receipts.add(Receipt(new Target(state)));
  return receipts;
}

inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = 10s) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

class TestLog : public Log {
 public:
  void write(LogLevel, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    text_.append(message).append("\n");
  }
  bool has(std::string_view part) const { return text().find(part) != std::string::npos; }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

class TestMetrics : public Metrics {
 public:
  void counter(std::string name, MetricLabels labels, const Counter& counter) override {
    gauge(std::move(name), std::move(labels), [&counter] { return static_cast<std::int64_t>(counter.value()); });
  }
  void gauge(std::string name, MetricLabels, std::function<std::int64_t()> read) override {
    series_.emplace_back(std::move(name), std::move(read));
  }
  void visit(const std::function<void(const Sample&)>&) const override {}
  /// The sum of all series of that name.
  std::int64_t sum(std::string_view name) const {
    std::int64_t total = 0;
    for (const auto& [have, read] : series_) total += have == name ? read() : 0;
    return total;
  }

 private:
  std::vector<std::pair<std::string, std::function<std::int64_t()>>> series_;
};

/// Writes "tag n\n"; refuses negative numbers.
class TestFormatter : public Formatter {
 public:
  bool format(std::string_view tag, const Event& event, OutBuffer& out) override {
    const std::int64_t n = number_of(event);
    if (n < 0) return false;
    out.append(cat(tag, " ", n, "\n"));
    return true;
  }
};

class TestContext : public BuildContext {
 public:
  /// `text`: the inside of a <match>, or of another section.
  explicit TestContext(const std::string& text, const std::string& name = "match")
      : root_(parse_text("<" + name + ">\n" + text + "\n</" + name + ">\n", "test.conf", ".", {})) {}

  const std::string& id() const override { return id_; }
  const Element& element() const override { return root_.children.front(); }
  Log& log() override { return test_log; }
  Metrics& metrics() override { return test_metrics; }
  MetricLabels labels() const override { return {}; }
  const SystemSettings& system() const override { return system_settings; }
  void warn(const SourcePos&, std::string message) override { warnings.push_back(std::move(message)); }
  FormatterFactory formatter(const PluginSection& section) override {
    format = section;
    return [] { return std::make_unique<TestFormatter>(); };
  }
  ParserFactory parser(const PluginSection&) override { return {}; }
  Reemitter& reemitter() override { throw ConfigError({}, "no way back in this test"); }
  void label(const std::string&, const SourcePos&) override {}
  std::size_t store(const PluginSection& section, const std::vector<std::string>&) override {
    stores.push_back(section.type);
    return stores.size() - 1;
  }

  TestLog test_log;
  TestMetrics test_metrics;
  SystemSettings system_settings;
  std::vector<std::string> warnings;
  std::vector<std::string> stores;
  PluginSection format;

 private:
  std::string id_ = "test";
  Element root_;
};

/// A chunk as a buffer would hand it over.
inline Chunk chunk_of(std::vector<BatchPtr> batches, std::string id = std::string(32, 'c')) {
  Chunk chunk;
  chunk.id = std::move(id);
  for (const BatchPtr& batch : batches) {
    chunk.events += batch->events();
    chunk.bytes += batch->bytes();
  }
  chunk.batches = std::move(batches);
  return chunk;
}

template <class P>
std::unique_ptr<P> make_output(const PluginInfo& info, TestContext& context) {
  std::unique_ptr<Plugin> plugin = info.make(context.element(), context);
  P& output = dynamic_cast<P&>(*plugin);
  static_cast<void>(plugin.release());
  return std::unique_ptr<P>(&output);
}

}  // namespace logboom::test
