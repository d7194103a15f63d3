#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/input.hpp>
#include <logboom/testing.hpp>

#include "config/parser.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/pipeline.hpp"

/// A pipeline from configuration text, with plugins that do what the test says: the input `toy`, outputs `toy` and
/// `broken_start`, the output `emit`, the filter `toy`, the filter `pairs` that holds each event until its tag's next
/// one comes and joins the two ({"n":1} and {"n":2} become {"n":3}) or 10 s are over, and a memory buffer that is as
/// full as the test wants. `copy`, `relabel` and `null` are the real ones. What toys do is kept by their `@id`.
namespace logboom::pipeline_test {

/// A sink that a test fills and empties. Nothing is written; what was appended counts as delivered.
struct ToySink {
  std::optional<std::uint64_t> room;  // events that still fit; none: no limit
  bool keeps_receipts = false;
  std::vector<testing::Row> rows;
  std::vector<MessageId> ids;  // of the batches
  std::vector<BatchPtr> batches;
  std::deque<Receipts> receipts;
  std::uint64_t appended = 0;
  std::function<void()> on_space;
};

using ToyFilter = std::function<void(const EventBatch&, FilterSink&)>;
using ToyEmit = std::function<void(const EventBatch&, EmitSink&)>;

/// What the toys share. Outlives the pipeline.
struct Toys {
  std::map<std::string, ToySink> sinks;
  std::map<std::string, ToyFilter> filters;
  std::map<std::string, ToyEmit> emits;
  std::vector<std::string> journal;  // "reserve a", "refuse a", "unreserve a", "append a"
  std::vector<std::string> started;
};

std::vector<PluginInfo> toy_plugins(Toys& toys);

/// A sender that writes down what it is told.
struct ToyFlow final : Flow {
  void hold() override {
    held = true;
    ++holds;
  }
  void go_on() override {
    held = false;
    ++goes;
    if (on_go) on_go();
  }
  bool held = false;
  int holds = 0;
  int goes = 0;
  std::function<void()> on_go;
};

/// The outcome of receipts by number.
struct Outcomes {
  Receipts receipt(int number);
  std::map<int, bool> settled;
};

/// What is posted waits for `run_posted`; what is to happen later, for `run_later`.
struct ToyExecutor final : Executor {
  unsigned index() const noexcept override { return 0; }
  void post(std::function<void()> task) override { posted.push_back(std::move(task)); }
  void call_at(std::chrono::steady_clock::time_point at, std::function<void()> task) override {
    later.emplace(at, std::move(task));
  }
  std::deque<std::function<void()>> posted;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> later;
};

/// The pipeline of one configuration and one dispatcher.
class Bench {
 public:
  explicit Bench(std::string_view config, const std::function<void(Toys&)>& prepare = {});
  ~Bench();

  /// Sends events {"n":first}, {"n":first+1} … of this tag into an input.
  void send(std::string_view tag, int first, int count = 1, Receipts receipts = {});
  void send_from(ToyFlow& from, std::string_view tag, int first, int count = 1, Receipts receipts = {},
                 std::size_t input = 0);
  /// The same, by an emitter that the test has.
  void send_by(Emitter& emitter, Flow& from, std::string_view tag, int first, int count = 1, Receipts receipts = {});
  static void emit(Emitter& emitter, Flow& from, std::string_view tag, int first, int count = 1, Receipts receipts = {},
                   const MessageId& id = {});
  /// Gives a sink room, tells the dispatcher and lets it work.
  void make_room(const std::string& id, std::uint64_t events);
  void run_posted();
  /// Runs what was to happen later, in order, however late that is.
  void run_later();
  /// The n of each event that a sink has, in order; "1 2 3".
  std::string numbers(const std::string& id);
  InputNode& input(std::size_t index = 0) { return *input_node(index); }
  const std::shared_ptr<InputNode>& input_node(std::size_t index = 0) { return pipeline->inputs().at(index); }
  /// Takes another configuration, as a reload does. Throws ConfigError.
  void reload(std::string_view config);

  std::uint64_t received() const { return received_; }
  /// received + made = filtered + merged + unmatched + delivered + dropped + parked + held, and the same of each source
  /// and tag.
  void expect_balance();

  Toys toys;
  testing::RecordingLog log;
  MetricsRegistry metrics;
  std::vector<std::string> warnings;
  ToyFlow flow;
  std::unique_ptr<Registry> registry;
  std::shared_ptr<Pipeline> pipeline;
  ToyExecutor executor;
  std::unique_ptr<Dispatcher> dispatcher;

 private:
  std::shared_ptr<Pipeline> build(std::string_view config);
  void expect_accounts_balance();

  std::uint64_t received_ = 0;
};

/// What building this configuration throws, "" if it does not.
std::string build_error(std::string_view config);

}  // namespace logboom::pipeline_test
