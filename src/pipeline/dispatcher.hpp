#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/route_tree.hpp"
#include "record/emitter.hpp"
#include "route/tag_table.hpp"

namespace logboom {

/// Carries batches along their routes on one worker: filters, then every sink of the route or none. What finds a buffer
/// full is parked whole, and its flow held, until there is room.
///
/// Threads: the worker's, but for `space`.
class Dispatcher {
 public:
  /// `post` runs a task on the worker's thread later.
  Dispatcher(const Pipeline& pipeline, std::function<void(std::function<void()>)> post);
  ~Dispatcher();

  /// This input's way in on this worker. Valid as long as the dispatcher.
  Emitter& emitter(InputNode& input);
  /// Some buffer has room again. Any thread.
  void space();
  /// Counts what is still parked as dropped, for lack of time.
  void abandon_parked();

 private:
  class InputEmitter;
  struct Leg {
    Sink* sink;
    BatchPtr batch;
  };
  using Legs = std::vector<Leg>;
  struct Parked {
    Legs legs;
    Receipts receipts;
    std::uint64_t queue;
    std::uint64_t events;
  };
  /// What is parked for one flow, in order. It may outlive the flow.
  struct Queue {
    std::uint64_t id;
    std::size_t parked;
  };

  void dispatch(const std::string& label, Delivery delivery, Flow& flow);
  void collect(const RouteNode& node, BatchPtr batch, Legs& legs);
  BatchPtr run_filter(Filter& filter, const BatchPtr& batch, Legs& legs);
  void send_failed(const BatchPtr& failed, std::string_view reason, Legs& legs);
  static Legs take_repeated(Legs& legs);
  void deliver(Legs legs, Receipts receipts, Flow& flow);
  bool reserve(const Legs& legs);
  static void append(Legs& legs, Receipts receipts);
  void park(Legs legs, Receipts receipts, Flow& flow);
  void retry_parked();
  bool has_parked(Flow& flow) const noexcept;
  void forget(Flow& flow);

  const Pipeline& pipeline_;
  std::function<void(std::function<void()>)> post_;
  RouteCache routes_;
  std::map<const InputNode*, std::unique_ptr<InputEmitter>> emitters_;
  std::deque<Parked> parked_;
  std::map<Flow*, Queue> queues_;
  std::uint64_t last_queue_ = 0;
  std::atomic<bool> waiting_{false};
  unsigned error_depth_ = 0;
};

}  // namespace logboom
