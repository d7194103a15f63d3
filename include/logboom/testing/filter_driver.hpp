#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/filter.hpp>
#include <logboom/output.hpp>
#include <logboom/testing/events.hpp>

/// Drivers for tests of filters and emitting outputs: one plugin made from parameters, and rows of what it did.
namespace logboom::testing {

/// What became of events. `on` has what goes on (with the tag that it goes on under), in order.
struct Outcome {
  std::vector<Row> on;
  std::vector<Row> dropped;
  std::vector<std::pair<Row, std::string>> failed;  // with the reason
  std::uint64_t made = 0;
  std::uint64_t held = 0;  // in the plugin's memory now, over all calls
  std::string label;       // where the last `emit_to` or `release_to` went
};

namespace detail {

inline Row row(std::string_view tag, const EventTime& time, const msgpack::Value& record) {
  return {std::string(tag), time_text(time), json_text(record)};
}
inline Row row(std::string_view tag, const EventTime& time, std::string_view record) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(record.data());
  if (msgpack::skip(data, data + record.size()) != data + record.size() ||
      msgpack::type_of(*data) != msgpack::Type::map) {
    throw std::logic_error("the plugin made a record that is not one whole msgpack map");
  }
  return row(tag, time, msgpack::Value(data, data + record.size()));
}

template <class Base>
class OutcomeSink : public Base {
 public:
  OutcomeSink(std::string_view tag, Outcome& outcome, unsigned worker) : tag_(tag), out_(outcome), worker_(worker) {}
  unsigned worker() const noexcept override { return worker_; }
  void drop(const Event& event) override { out_.dropped.push_back(row(tag_, event.time, event.record.value())); }
  void fail(const Event& event, std::string_view reason) override {
    out_.failed.emplace_back(row(tag_, event.time, event.record.value()), reason);
  }
  void hold(const Event&) override { ++out_.held; }

 protected:
  std::string tag_;
  Outcome& out_;
  unsigned worker_;
};

class FilterOutcome final : public OutcomeSink<FilterSink> {
 public:
  using OutcomeSink::OutcomeSink;
  void keep(const Event& event) override { out_.on.push_back(row(tag_, event.time, event.record.value())); }
  void replace(const Event&, const EventTime& time, std::string_view record) override {
    out_.on.push_back(row(tag_, time, record));
  }
  void add(const EventTime& time, std::string_view record) override {
    ++out_.made;
    out_.on.push_back(row(tag_, time, record));
  }
  void release(const EventTime& time, std::string_view record, std::uint64_t held) override {
    out_.held -= held;
    out_.on.push_back(row(tag_, time, record));
  }
};

class EmitOutcome final : public OutcomeSink<EmitSink> {
 public:
  using OutcomeSink::OutcomeSink;
  void emit(std::string_view tag, const Event& event) override {
    out_.on.push_back(row(tag, event.time, event.record.value()));
  }
  void emit_to(std::string_view label, std::string_view tag, const Event& event) override {
    out_.label = std::string(label);
    emit(tag, event);
  }
  void replace(std::string_view tag, const Event&, const EventTime& time, std::string_view record) override {
    out_.on.push_back(row(tag, time, record));
  }
  void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) override {
    out_.held -= held;
    out_.on.push_back(row(tag, time, record));
  }
};

class ReleaseOutcome final : public ReleaseSink {
 public:
  ReleaseOutcome(Outcome& outcome, unsigned worker) : out_(outcome), worker_(worker) {}
  unsigned worker() const noexcept override { return worker_; }
  void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) override {
    out_.held -= held;
    out_.on.push_back(row(tag, time, record));
  }
  void release_to(std::string_view label, std::string_view tag, const EventTime& time, std::string_view record,
                  std::uint64_t held) override {
    out_.label = std::string(label);
    release(tag, time, record, held);
  }
  void fail(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held,
            std::string_view reason) override {
    out_.held -= held;
    out_.failed.emplace_back(row(tag, time, record), reason);
  }

 private:
  Outcome& out_;
  unsigned worker_;
};

}  // namespace detail

/// One filter, or one emitting output, made from parameters as its section would make it. Positions are those of
/// FakeContext; `prepare` may add sections to the element and hooks to the context before.
template <class P, class Sink>
class EventDriver {
 public:
  using Params = FakeContext::Params;
  using Prepare = std::function<void(FakeContext&)>;

  EventDriver(std::string_view section, const PluginInfo& info, const Params& params, const Prepare& prepare)
      : context_(std::string(section), info.name, params) {
    if (prepare) prepare(context_);
    plugin_ = info.make(context_.element(), context_);
  }

  P& plugin() { return dynamic_cast<P&>(*plugin_); }
  FakeContext& context() noexcept { return context_; }
  const std::vector<std::string>& warnings() const noexcept { return context_.warnings(); }
  /// Everything that happened so far.
  Outcome& outcome() noexcept { return outcome_; }

  /// Gives it a batch; returns what has gone on by now and was not returned yet.
  std::vector<Row> send(const BatchPtr& batch, unsigned worker = 0) {
    Sink sink(batch->tag().text(), outcome_, worker);
    if constexpr (std::is_base_of_v<Filter, P>) {
      plugin().apply(*batch, sink);
    } else {
      plugin().process(*batch, sink);
    }
    return std::exchange(outcome_.on, {});
  }
  std::vector<Row> send(std::string_view tag, std::string_view json, EventTime time = {1700000000, 0}) {
    return send(BatchOf(tag).json(json, time).make());
  }
  /// The record of what becomes of one event under the tag "t"; empty where none goes on.
  std::string record(std::string_view json) {
    const std::vector<Row> rows = send("t", json);
    return rows.empty() ? std::string() : rows.back().record;
  }
  /// Lets time pass for what it holds.
  std::vector<Row> expire(Holder::Clock::time_point now) {
    detail::ReleaseOutcome sink(outcome_, 0);
    plugin().holder()->expire(now, sink);
    return std::exchange(outcome_.on, {});
  }
  std::vector<Row> flush() {
    detail::ReleaseOutcome sink(outcome_, 0);
    plugin().holder()->flush(sink);
    return std::exchange(outcome_.on, {});
  }

 private:
  FakeContext context_;
  std::unique_ptr<Plugin> plugin_;
  Outcome outcome_;
};

class FilterDriver : public EventDriver<Filter, detail::FilterOutcome> {
 public:
  explicit FilterDriver(const PluginInfo& info, const Params& params = {}, const Prepare& prepare = {})
      : EventDriver("filter", info, params, prepare) {}
};

class EmitDriver : public EventDriver<EmitOutput, detail::EmitOutcome> {
 public:
  explicit EmitDriver(const PluginInfo& info, const Params& params = {}, const Prepare& prepare = {})
      : EventDriver("match", info, params, prepare) {}
};

/// A section to add to an element: `<name arg>` with these parameters.
inline Element section(std::string name, const FakeContext::Params& params, std::string arg = {}) {
  FakeContext context(std::move(name), "", params);
  Element element = context.section();
  std::erase_if(element.attributes, [](const Attribute& a) { return a.key == "@type" && a.value.empty(); });
  element.arg = std::move(arg);
  return element;
}

}  // namespace logboom::testing
