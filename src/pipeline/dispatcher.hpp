#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "pipeline/accounts.hpp"
#include "pipeline/event_run.hpp"
#include "pipeline/legs.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/route_tree.hpp"
#include "record/emitter.hpp"
#include "record/entry_writer.hpp"
#include "record/executor.hpp"
#include "route/tag_table.hpp"

namespace logboom {

/// Carries batches along their routes on one worker: filters, then every sink of the route or none. What finds a buffer
/// full is parked whole, and its flow held, until there is room. Events that filters hold back come out again when
/// their time is over.
///
/// A reload gives it another pipeline. What it has taken by then goes the old one's way: what is parked, and what
/// filters hold that the new one does not have. The events of an input that is still there, or has an heir, go the new
/// one's.
///
/// Threads: the worker's, but for `space`; `finish` when the worker has ended.
class Dispatcher {
 public:
  using Clock = std::chrono::steady_clock;
  /// What takes the place of inputs that the new pipeline does not have.
  using Heirs = std::map<const InputNode*, std::shared_ptr<InputNode>>;

  Dispatcher(std::shared_ptr<const Pipeline> pipeline, Executor& executor);
  ~Dispatcher();

  /// This input's way in on this worker, the same one for all who ask. It keeps the input alive. Must be gone before
  /// the dispatcher.
  std::shared_ptr<Emitter> emitter(const std::shared_ptr<InputNode>& input);
  /// From now on events go this pipeline's way.
  void swap(std::shared_ptr<const Pipeline> next, const Heirs& heirs);
  /// Events that no input brings: into the rules of this label. `made`: they are counted as made. What is logged while
  /// they are carried does not become events itself.
  void inject(const std::string& label, Delivery delivery, bool made);
  Executor& executor() noexcept { return executor_; }
  /// What ends without an output: `unmatched`; `failed`, in a filter, without an `@ERROR`; `held` by a filter that
  /// gives it up.
  using LostFn = std::function<void(const char* end, const EventBatch& batch)>;
  /// For rehearsals: is told of what is lost.
  void set_on_lost(LostFn on_lost) { on_lost_ = std::move(on_lost); }
  /// What this worker has counted, by source and tag.
  const Books& books() const noexcept { return books_; }
  /// What filters hold goes on now.
  void give_out_held();
  /// Some buffer has room again. Any thread.
  void space();
  /// The end: gives out what filters hold, waits until `deadline` for room for what is parked, and counts the rest as
  /// dropped. Events may still be injected afterwards, by one thread at a time, and want another `finish`.
  void finish(Clock::time_point deadline);

 private:
  class InputEmitter;
  class Release;
  /// One pipeline's routes on this worker. Counted: who still sends on these routes has a share.
  struct Routes : std::enable_shared_from_this<Routes> {
    explicit Routes(std::shared_ptr<const Pipeline> of) : pipeline(std::move(of)), cache(*pipeline) {}
    std::shared_ptr<const Pipeline> pipeline;
    RouteCache cache;
    std::vector<HolderPlace> gone;  // holders that later pipelines don't have
  };
  using RoutesPtr = std::shared_ptr<Routes>;
  struct Parked {
    Legs legs;
    Receipts receipts;
    RoutesPtr routes;  // whose sinks the legs name
    std::uint64_t queue;
    std::uint64_t events;
    Account* account;
  };
  /// What is parked for one flow, in order. It may outlive the flow.
  struct Queue {
    std::uint64_t id;
    std::size_t parked;
  };
  /// Who brings the events that come out of holders.
  class HeldFlow final : public Flow {
   public:
    explicit HeldFlow(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
    void hold() override { held_ = true; }
    void go_on() override;
    bool held() const noexcept { return held_; }

   private:
    Dispatcher& dispatcher_;
    bool held_ = false;
  };

  void dispatch(Routes& routes, const std::string& label, Delivery delivery, Flow& flow);
  /// `from`: the first filter of the node that the batch has not met.
  void collect(const RouteNode& node, BatchPtr batch, Legs& legs, Legs::Group group = Legs::root, std::size_t from = 0);
  void collect_branches(const RouteNode& node, const BatchPtr& batch, Legs& legs, Legs::Group group);
  BatchPtr run_filter(Filter& filter, const BatchPtr& batch, Legs& legs);
  void run_emit(const RouteNode::Emit& emit, const BatchPtr& batch, Legs& legs, Legs::Group group);
  template <class Run>
  void settle(const Run& run, const Holder* holder, const BatchPtr& batch, Legs& legs);
  void count(Term term, std::uint64_t events);
  void count_held(const RunTally& tally, const Holder* holder, std::string_view tag);
  void emit_again(const std::string& label, BatchPtr batch, Legs& legs, Legs::Group group);
  void drop_loop(const EventBatch& batch, std::string_view error);
  void send_failed(const BatchPtr& failed, std::string_view reason, Legs& legs, const char* end = "failed");
  void tell_lost(const char* end, const EventBatch& batch) const {
    if (on_lost_) on_lost_(end, batch);
  }
  void deliver(Legs legs, Receipts receipts, Flow& flow);
  void append(Legs& legs, Receipts receipts);
  void park(Legs legs, Receipts receipts, Flow& flow);
  void retry_parked();
  bool has_parked(Flow& flow) const noexcept;
  void forget(Flow& flow);
  void abandon_parked();

  void watch_holders();
  void expire_held();
  void flush_held(Routes& routes, const std::vector<HolderPlace>& places);
  void let_go_of_old();
  TagTable& tags(const std::string& label) { return tags_[label]; }
  const Pipeline& pipeline() const noexcept { return *active_->pipeline; }
  RoutingCounters& counters() const noexcept { return routes_->pipeline->counters(); }

  Executor& executor_;
  RoutesPtr routes_;            // of the pipeline that runs
  std::vector<RoutesPtr> old_;  // of those before it, until nobody sends on them
  Routes* active_;              // of the batch at hand
  Account* account_ = nullptr;  // of the batch at hand
  Books books_;
  EntryWriter writer_;
  std::set<InputEmitter*> all_emitters_;
  std::map<const InputNode*, std::shared_ptr<InputEmitter>> emitters_;  // of the pipeline that runs
  std::map<std::string, TagTable> tags_;  // of events that don't come from an input, for each label
  std::deque<Parked> parked_;
  std::map<Flow*, Queue> queues_;
  std::uint64_t last_queue_ = 0;
  std::atomic<bool> waiting_{false};
  unsigned error_depth_ = 0;
  unsigned emit_depth_ = 0;
  HeldFlow held_flow_{*this};
  Clock::time_point watching_for_ = Clock::time_point::max();
  LostFn on_lost_;
};

}  // namespace logboom
