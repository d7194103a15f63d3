#include "pipeline/pipeline_test_support.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

namespace logboom::plugins {

PluginInfo out_copy();
PluginInfo out_relabel();
PluginInfo out_roundrobin();
PluginInfo out_null();

}  // namespace logboom::plugins

namespace logboom::pipeline_test {

namespace {

class ToyInput final : public Input {
 public:
  void start(net::Host&) override {}
};

class ToyOutput final : public ChunkOutput {
 public:
  ToyOutput(Toys& toys, std::string id) : toys_(toys), id_(std::move(id)) {}
  void start() override {
    toys_.started.push_back(id_);
    if (id_ == "broken") throw std::runtime_error("can't start");
  }
  WriteResult write(const Chunk&) override { return {}; }

 private:
  Toys& toys_;
  std::string id_;
};

class ToyBuffer final : public Buffer {
 public:
  ToyBuffer(Toys& toys, std::string id) : toys_(toys), id_(std::move(id)), sink_(toys.sinks[id_]) {}

  void start(const BufferSettings&, OutputCounters&) override {}
  void set_on_space(std::function<void()> on_space) override { sink_.on_space = std::move(on_space); }
  bool reserve(const EventBatch& batch) noexcept override {
    const bool fits = !sink_.room || *sink_.room >= batch.events();
    if (fits && sink_.room) *sink_.room -= batch.events();
    note(fits ? "reserve " : "refuse ");
    return fits;
  }
  void release_reservation(const EventBatch& batch) noexcept override {
    if (sink_.room) *sink_.room += batch.events();
    note("unreserve ");
  }
  void append(Delivery delivery) override {
    note("append ");
    testing::append_rows(*delivery.batch, sink_.rows);
    sink_.appended += delivery.batch->events();
    sink_.ids.push_back(delivery.id);
    sink_.batches.push_back(std::move(delivery.batch));
    if (!sink_.keeps_receipts) return delivery.receipts.confirm();
    sink_.receipts.push_back(std::move(delivery.receipts));
  }
  std::uint64_t wakes() const noexcept override { return 0; }
  const Chunk* take(Clock::time_point, std::uint64_t) override { return nullptr; }
  void wake() override {}
  void done(const Chunk&, std::uint64_t) override {}
  void retry(const Chunk&, Clock::time_point) override {}
  void drop(const Chunk&, DropReason) override {}
  void flush_now() override {}
  void drain() override {}
  std::uint64_t discard() override { return 0; }
  bool empty() const override { return true; }
  OutputTotals totals() const override { return {}; }

 private:
  void note(const char* what) { toys_.journal.push_back(what + id_); }
  Toys& toys_;
  std::string id_;
  ToySink& sink_;
};

class ToyFilterPlugin final : public Filter {
 public:
  explicit ToyFilterPlugin(ToyFilter& does) : does_(does) {}
  void apply(const EventBatch& batch, FilterSink& sink) override {
    if (does_) return does_(batch, sink);
    batch.for_each([&](const Event& event) { sink.keep(event); });
  }

 private:
  ToyFilter& does_;
};

class ToyEmitOutput final : public EmitOutput {
 public:
  explicit ToyEmitOutput(ToyEmit& does) : does_(does) {}
  void process(const EventBatch& batch, EmitSink& sink) override { does_(batch, sink); }

 private:
  ToyEmit& does_;
};

std::string record_of(std::int64_t n) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  writer.map(1);
  writer.string("n");
  writer.integer(n);
  return std::string(bytes.text());
}

class PairsFilter final : public Filter, public Holder {
 public:
  void apply(const EventBatch& batch, FilterSink& sink) override {
    batch.for_each([&](const Event& event) {
      std::int64_t n = 0;
      event.record.find("n").to_int(n);
      sink.hold(event);
      const std::string tag(batch.tag().text());
      const auto first = waiting_.find(tag);
      if (first == waiting_.end()) {
        waiting_[tag] = {n, Clock::now() + std::chrono::seconds(10)};
        return;
      }
      sink.release(event.time, record_of(first->second.n + n), 2);
      waiting_.erase(first);
    });
  }
  Holder* holder() noexcept override { return this; }
  std::optional<Clock::time_point> next_expiry(unsigned) const override {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->second.until;
  }
  void expire(Clock::time_point, ReleaseSink& sink) override { flush(sink); }
  void flush(ReleaseSink& sink) override {
    for (const auto& [tag, event] : std::exchange(waiting_, {})) give_back(tag, event.n, sink);
  }

 private:
  struct Waiting {
    std::int64_t n;
    Clock::time_point until;
  };
  static void give_back(const std::string& tag, std::int64_t n, ReleaseSink& sink) {
    if (n == 13) return sink.fail(tag, {5, 0}, record_of(n), 1, "unlucky");
    if (n == 100) return sink.release_to("@LATE", tag, {5, 0}, record_of(n), 1);
    sink.release(tag, {5, 0}, record_of(n), 1);
  }
  std::map<std::string, Waiting> waiting_;
};

struct NoOptions {
  static void describe(Describe<NoOptions>&) {}
};

struct SinkOptions {
  static void describe(Describe<SinkOptions>& d) { d.leave_section("buffer"); }
};

PluginInfo toy(PluginKind kind, std::string name, std::function<std::unique_ptr<Plugin>(BuildContext&)> make) {
  PluginInfo info;
  info.kind = kind;
  info.name = std::move(name);
  info.schema = [] { return schema_of<NoOptions>(); };
  info.make = [make = std::move(make)](const Element&, BuildContext& context) { return make(context); };
  return info;
}

}  // namespace

std::vector<PluginInfo> toy_plugins(Toys& toys) {
  std::vector<PluginInfo> all{plugins::out_copy(), plugins::out_relabel(), plugins::out_roundrobin(),
                              plugins::out_null()};
  all.push_back(toy(PluginKind::input, "toy", [](BuildContext&) { return std::make_unique<ToyInput>(); }));
  all.push_back(
      toy(PluginKind::output, "toy", [&toys](BuildContext& c) { return std::make_unique<ToyOutput>(toys, c.id()); }));
  all.back().schema = [] { return schema_of<SinkOptions>(); };
  all.push_back(toy(PluginKind::buffer, "memory",
                    [&toys](BuildContext& c) { return std::make_unique<ToyBuffer>(toys, c.id()); }));
  all.push_back(toy(PluginKind::output, "emit",
                    [&toys](BuildContext& c) { return std::make_unique<ToyEmitOutput>(toys.emits[c.id()]); }));
  all.push_back(toy(PluginKind::filter, "pairs", [](BuildContext&) { return std::make_unique<PairsFilter>(); }));
  all.push_back(toy(PluginKind::filter, "toy",
                    [&toys](BuildContext& c) { return std::make_unique<ToyFilterPlugin>(toys.filters[c.id()]); }));
  return all;
}

Receipts Outcomes::receipt(int number) {
  struct Target final : Receipt::Target {
    Target(Outcomes& all, int which) : outcomes(all), index(which) {}
    void settled(bool confirmed) noexcept override { outcomes.settled[index] = confirmed; }
    Outcomes& outcomes;
    int index;
  };
  Receipts receipts;
  receipts.add(Receipt(new Target(*this, number)));
  return receipts;
}

Bench::Bench(std::string_view config, const std::function<void(Toys&)>& prepare) {
  if (prepare) prepare(toys);
  registry = std::make_unique<Registry>(toy_plugins(toys));
  pipeline = build(config);
  dispatcher = std::make_unique<Dispatcher>(pipeline, executor);
}

Bench::~Bench() = default;

std::shared_ptr<Pipeline> Bench::build(std::string_view config) {
  const WarnFn warn = [this](const SourcePos& pos, std::string message) {
    warnings.push_back(cat(pos.to_string(), ": ", message));
  };
  const Element root = parse_text(config, "t.conf", ".", {});
  const std::uint64_t generation = pipeline ? pipeline->generation() + 1 : 1;
  auto made = std::make_shared<Pipeline>(root, Pipeline::Context{*registry, log, metrics, {}, generation, warn},
                                         pipeline.get());
  for (const auto& output : made->outputs()) {
    if (output->sink) output->sink->set_on_space([this] { dispatcher->space(); });
  }
  return made;
}

void Bench::reload(std::string_view config) {
  const std::shared_ptr<Pipeline> previous = std::exchange(pipeline, build(config));
  Dispatcher::Heirs heirs;
  for (const auto& input : previous->inputs()) {
    for (const auto& other : pipeline->inputs()) {
      if (!pipeline->has(*input) && other->identity == input->identity) heirs.emplace(input.get(), other);
    }
  }
  dispatcher->swap(pipeline, heirs);
  pipeline->replace(*previous);
}

void Bench::send(std::string_view tag, int first, int count, Receipts receipts) {
  send_from(flow, tag, first, count, std::move(receipts));
}

void Bench::send_from(ToyFlow& from, std::string_view tag, int first, int count, Receipts receipts,
                      std::size_t input_index) {
  const std::shared_ptr<Emitter> emitter = dispatcher->emitter(input_node(input_index));
  send_by(*emitter, from, tag, first, count, std::move(receipts));
}

void Bench::send_by(Emitter& emitter, Flow& from, std::string_view tag, int first, int count, Receipts receipts) {
  received_ += static_cast<std::uint64_t>(count);
  emit(emitter, from, tag, first, count, std::move(receipts));
}

void Bench::emit(Emitter& emitter, Flow& from, std::string_view tag, int first, int count, Receipts receipts,
                 const MessageId& id) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  for (int n = first; n < first + count; ++n) {
    writer.array(2);
    writer.integer(1700000000);
    writer.map(1);
    writer.string("n");
    writer.integer(n);
  }
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto batch = std::make_unique<EventBatch>(emitter.tag(tag));
  batch->add({slab->data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(count)}, slab);
  emitter.emit({BatchPtr(std::move(batch)), std::move(receipts), id}, from);
}

void Bench::make_room(const std::string& id, std::uint64_t events) {
  ToySink& sink = toys.sinks.at(id);
  sink.room = sink.room.value_or(0) + events;
  sink.on_space();
  run_posted();
}

void Bench::run_posted() {
  while (!executor.posted.empty()) {
    const auto task = std::move(executor.posted.front());
    executor.posted.pop_front();
    task();
  }
}

void Bench::run_later() {
  while (!executor.later.empty()) {
    const auto task = std::move(executor.later.begin()->second);
    executor.later.erase(executor.later.begin());
    task();
  }
}

std::string Bench::numbers(const std::string& id) {
  std::string text;
  for (const testing::Row& row : toys.sinks[id].rows) {
    text += (text.empty() ? "" : " ") + row.record.substr(5, row.record.size() - 6);
  }
  return text;
}

void Bench::expect_balance() {
  const RoutingCounters& c = pipeline->counters();
  std::uint64_t delivered = 0;
  for (const auto& [id, sink] : toys.sinks) delivered += sink.appended;
  std::uint64_t dropped = c.dropped_loop.value() + c.dropped_filter_error.value() + c.dropped_shutdown.value();
  metrics.visit([&](const Metrics::Sample& sample) {
    if (sample.name == "logboom_output_delivered_events_total") delivered += static_cast<std::uint64_t>(sample.value);
    if (sample.name == "logboom_output_dropped_events_total") dropped += static_cast<std::uint64_t>(sample.value);
  });
  EXPECT_EQ(received_ + c.made.value(), c.filtered.value() + c.merged.value() + c.unmatched.value() + delivered +
                                            dropped + static_cast<std::uint64_t>(c.parked.value() + c.held.value()));
  expect_accounts_balance();
}

void Bench::expect_accounts_balance() {
  Amounts sum;
  for (const auto& [id, book] : dispatcher->books().sources()) {
    book.for_each([&, &source = id](std::string_view tag, const Amounts& amounts) {
      EXPECT_EQ(amounts.difference(), 0) << source << ", tag " << tag;
      for (std::size_t i = 0; i < amounts.of.size(); ++i) EXPECT_GE(amounts.of[i], 0) << source << " " << term_words[i];
      sum += amounts;
    });
  }
  RoutingCounters& c = pipeline->counters();
  const auto counted = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  EXPECT_EQ(sum[Term::in], counted(received_));
  EXPECT_EQ(sum[Term::unmatched], counted(c.unmatched.value()));
  EXPECT_EQ(sum[Term::parked], c.parked.value());
  EXPECT_EQ(sum[Term::held], c.held.value());
  EXPECT_EQ(sum[Term::made] - sum[Term::merged], counted(c.made.value()) - counted(c.merged.value()));
  for (const Term term : {Term::filtered, Term::relabel_loop, Term::filter_error, Term::shutdown}) {
    EXPECT_EQ(sum[term], counted(c.of(term)->value())) << term_words[static_cast<std::size_t>(term)];
  }
}

std::string build_error(std::string_view config) {
  try {
    const Bench bench(config);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

}  // namespace logboom::pipeline_test
