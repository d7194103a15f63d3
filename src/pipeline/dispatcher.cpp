#include "pipeline/dispatcher.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "pipeline/carries_events.hpp"

namespace logboom {

namespace {

// How often events may be emitted again under another tag before that is taken for a circle.
constexpr unsigned most_emits = 32;

// The sources of events that no input brings.
constexpr std::string_view own_log_source = "own_log";
constexpr std::string_view outputs_source = "(outputs)";

}  // namespace

/// One input's events on their way into the rules. Where the input was changed, into the label of its heir; where it
/// was removed, into the rules that it was part of.
class Dispatcher::InputEmitter final : public Emitter {
 public:
  InputEmitter(Dispatcher& dispatcher, std::shared_ptr<InputNode> input)
      : dispatcher_(dispatcher),
        input_(std::move(input)),
        heir_(input_),
        routes_(dispatcher.routes_),
        book_(&dispatcher.books_.source(input_->id)) {
    dispatcher_.all_emitters_.insert(this);
    orphaned_ = !routes_->pipeline->has(*input_);
  }
  ~InputEmitter() override {
    dispatcher_.all_emitters_.erase(this);
    if (!dispatcher_.old_.empty()) dispatcher_.executor_.post([&d = dispatcher_] { d.let_go_of_old(); });
  }
  Tag tag(std::string_view text) override { return tags_.intern(text); }
  void emit(Delivery delivery, Flow& flow) override {
    heir_->events.add(delivery.batch->events());
    dispatcher_.account_ = &book_->account(delivery.batch->tag());
    dispatcher_.account_->add(Term::in, delivery.batch->events());
    dispatcher_.dispatch(*routes_, heir_->label, std::move(delivery), flow);
  }
  void forget(Flow& flow) override { dispatcher_.forget(flow); }
  Standing standing() const noexcept override {
    return orphaned_ ? Standing::orphaned : heir_ != input_ ? Standing::inherited : Standing::there;
  }

  void swap(const Heirs& heirs) {
    const auto heir = heirs.find(heir_.get());
    if (heir != heirs.end()) {
      heir_ = heir->second;
      book_ = &dispatcher_.books_.source(heir_->id);
    }
    orphaned_ = !dispatcher_.routes_->pipeline->has(*heir_);
    if (!orphaned_) routes_ = dispatcher_.routes_;
  }

 private:
  Dispatcher& dispatcher_;
  std::shared_ptr<InputNode> input_;
  std::shared_ptr<InputNode> heir_;
  RoutesPtr routes_;
  SourceBook* book_;
  TagTable tags_;
  bool orphaned_ = false;
};

Dispatcher::Dispatcher(std::shared_ptr<const Pipeline> pipeline, Executor& executor)
    : executor_(executor), routes_(std::make_shared<Routes>(std::move(pipeline))), active_(routes_.get()) {}

Dispatcher::~Dispatcher() { abandon_parked(); }

std::shared_ptr<Emitter> Dispatcher::emitter(const std::shared_ptr<InputNode>& input) {
  if (!routes_->pipeline->has(*input)) return std::make_shared<InputEmitter>(*this, input);
  auto& slot = emitters_[input.get()];
  if (!slot) slot = std::make_shared<InputEmitter>(*this, input);
  return slot;
}

void Dispatcher::swap(std::shared_ptr<const Pipeline> next, const Heirs& heirs) {
  old_.push_back(routes_);
  std::set<const Holder*> kept;
  for (const HolderPlace& place : next->holders()) kept.insert(place.holder);
  for (const RoutesPtr& routes : old_) {
    routes->gone = routes->pipeline->holders();
    std::erase_if(routes->gone, [&kept](const HolderPlace& place) { return kept.contains(place.holder); });
  }
  flush_held(*routes_, routes_->gone);
  routes_ = std::make_shared<Routes>(std::move(next));
  for (InputEmitter* emitter : all_emitters_) emitter->swap(heirs);
  std::erase_if(emitters_, [this](const auto& item) { return !routes_->pipeline->has(*item.first); });
  let_go_of_old();
  watch_holders();
}

/// Old routes that nobody sends on any more go, and with them what only that pipeline had. Filters that were flushed at
/// the swap may have been given more since, by an input that was removed with them.
void Dispatcher::let_go_of_old() {
  for (std::size_t i = 0; i < old_.size();) {
    const RoutesPtr routes = old_[i];
    if (routes.use_count() == 2) flush_held(*routes, routes->gone);
    if (routes.use_count() == 2) {
      old_.erase(old_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

void Dispatcher::dispatch(Routes& routes, const std::string& label, Delivery delivery, Flow& flow) {
  active_ = &routes;
  books_.note_activity();
  const RouteNode& node = routes.cache.find(label, delivery.batch->tag());
  if (node.is_single() && parked_.empty() && node.sinks.front()->reserve(*delivery.batch)) {
    account_->add(Term::routed, delivery.batch->events());
    node.sinks.front()->append(std::move(delivery));
    return;
  }
  Legs legs(delivery.id);
  collect(node, std::move(delivery.batch), legs);
  deliver(std::move(legs), std::move(delivery.receipts), flow);
  watch_holders();
}

void Dispatcher::inject(const std::string& label, Delivery delivery, bool made) {
  const CarriesEvents mark;
  // A tag remembers the route of the worker whose table made it.
  auto batch = std::make_unique<EventBatch>(tags(label).intern(delivery.batch->tag().text()));
  batch->hold(*delivery.batch);
  batch->add_held(delivery.batch->spans());
  account_ = &books_.source(std::string(made ? outputs_source : own_log_source)).account(batch->tag());
  count(made ? Term::made : Term::in, batch->events());
  dispatch(*routes_, label, {BatchPtr(std::move(batch)), std::move(delivery.receipts), delivery.id}, held_flow_);
}

void Dispatcher::collect(const RouteNode& node, BatchPtr batch, Legs& legs, Legs::Group group, std::size_t from) {
  for (std::size_t i = from; i < node.filters.size(); ++i) {
    batch = run_filter(*node.filters[i], batch, legs);
    if (!batch) return;
  }
  if (node.end == RouteNode::End::unmatched) {
    tell_lost("unmatched", *batch);
    count(Term::unmatched, batch->events());
    return pipeline().report_unmatched(batch->tag().text(), batch->events());
  }
  if (node.end == RouteNode::End::loop) return drop_loop(*batch, cat("a circle of labels: ", node.error));
  if (const std::size_t ways = node.ways(); ways > 1) count(Term::made, (ways - 1) * batch->events());
  for (Sink* sink : node.sinks) legs.add(sink, batch, group);
  for (const RouteNode::Emit& emit : node.emits) run_emit(emit, batch, legs, group);
  for (const auto& next : node.next) collect(*next, batch, legs, group);
  for (const RouteNode::Choices& choices : node.choices) collect(choices.next(), batch, legs, group);
  collect_branches(node, batch, legs, group);
}

void Dispatcher::collect_branches(const RouteNode& node, const BatchPtr& batch, Legs& legs, Legs::Group group) {
  Legs::Group before = Legs::none;
  for (const RouteNode::Branch& branch : node.branches) {
    before = legs.add_group(group, branch.mode.ignore_error, branch.mode.only_after_failure ? before : Legs::none);
    collect(*branch.node, batch, legs, before);
  }
}

void Dispatcher::drop_loop(const EventBatch& batch, std::string_view error) {
  count(Term::relabel_loop, batch.events());
  pipeline().log().error(
      cat("tag \"", batch.tag().text(), "\" goes round in ", error, "; ", batch.events(), " events dropped"));
}

BatchPtr Dispatcher::run_filter(Filter& filter, const BatchPtr& batch, Legs& legs) {
  FilterRun run({batch, writer_, executor_.index()});
  try {
    filter.apply(*batch, run);
  } catch (const std::exception& error) {
    run.fail_rest(error.what());
  }
  BatchPtr kept = run.finish();
  settle(run, filter.holder(), batch, legs);
  return kept;
}

void Dispatcher::run_emit(const RouteNode::Emit& emit, const BatchPtr& batch, Legs& legs, Legs::Group group) {
  EmitRun run({batch, writer_, executor_.index()}, tags_, *emit.label);
  try {
    emit.output->process(*batch, run);
  } catch (const std::exception& error) {
    run.fail_rest(error.what());
  }
  std::vector<EmitRun::Emitted> emitted = run.finish();
  settle(run, emit.output->holder(), batch, legs);
  for (auto& [label, made] : emitted) emit_again(label, std::move(made), legs, group);
}

template <class Run>
void Dispatcher::settle(const Run& run, const Holder* holder, const BatchPtr& batch, Legs& legs) {
  const RunTally& tally = run.tally();
  if (tally.dropped != 0) count(Term::filtered, tally.dropped);
  if (tally.made != 0) count(Term::made, tally.made);
  if (tally.released != 0) legs.forget_id();
  if (tally.held != 0 || tally.released != 0) count_held(tally, holder, batch->tag().text());
  for (const auto& [reason, draft] : run.failed()) send_failed(draft.make(batch->tag(), *batch), reason, legs);
}

void Dispatcher::emit_again(const std::string& label, BatchPtr batch, Legs& legs, Legs::Group group) {
  if (emit_depth_ == most_emits) return drop_loop(*batch, "a circle: outputs emit it again and again");
  ++emit_depth_;
  const RouteNode& node = active_->cache.find(label, batch->tag());
  collect(node, std::move(batch), legs, group);
  --emit_depth_;
}

/// To `@ERROR` if there is such a label; a failure on the way there is only counted, so that nothing goes in circles.
void Dispatcher::send_failed(const BatchPtr& failed, std::string_view reason, Legs& legs, const char* end) {
  const std::string label = "@ERROR";
  if (error_depth_ != 0 || !pipeline().router().has_label(label)) {
    tell_lost(end, *failed);
    count(Term::filter_error, failed->events());
    pipeline().log().warn(cat("tag \"", failed->tag().text(), "\": ", failed->events(), " events dropped: ", reason));
    return;
  }
  ++error_depth_;
  collect(active_->cache.find(label, tags(label).intern(failed->tag().text())), failed, legs);
  --error_depth_;
}

void Dispatcher::deliver(Legs legs, Receipts receipts, Flow& flow) {
  if (legs.empty()) return receipts.confirm();
  std::vector<Legs> again = legs.take_repeated();
  for (std::size_t i = 0; i <= again.size(); ++i) {
    const bool last = i == again.size();
    Legs& round = i == 0 ? legs : again[i - 1];
    Receipts share = last ? std::move(receipts) : receipts.share();
    if (!has_parked(flow) && round.reserve()) {
      append(round, std::move(share));
    } else {
      park(std::move(round), std::move(share), flow);
    }
  }
}

void Dispatcher::append(Legs& legs, Receipts receipts) {
  Account* const account = account_;
  const std::uint64_t events = legs.events();
  const std::uint64_t passed_over = legs.append(std::move(receipts));
  account_ = account;
  if (passed_over != 0) count(Term::filtered, passed_over);
  count(Term::routed, events - passed_over);
}

void Dispatcher::park(Legs legs, Receipts receipts, Flow& flow) {
  const std::uint64_t events = legs.events();
  counters().parked.add(static_cast<std::int64_t>(events));
  account_->add(Term::parked, events);
  const auto [queue, first] = queues_.try_emplace(&flow, Queue{last_queue_ + 1, 0});
  if (first) ++last_queue_;
  ++queue->second.parked;
  parked_.push_back(
      {std::move(legs), std::move(receipts), active_->shared_from_this(), queue->second.id, events, account_});
  if (first) flow.hold();
  // Room may have come between the refusal and here, when nobody was known to wait.
  if (!waiting_.exchange(true)) executor_.post([this] { retry_parked(); });
}

bool Dispatcher::has_parked(Flow& flow) const noexcept { return !parked_.empty() && queues_.contains(&flow); }

void Dispatcher::space() {
  if (waiting_.exchange(false)) executor_.post([this] { retry_parked(); });
}

void Dispatcher::retry_parked() {
  if (parked_.empty()) return;
  books_.note_activity();
  waiting_.store(true);
  std::set<std::uint64_t> blocked;
  std::map<std::uint64_t, std::size_t> gone_on;
  std::deque<Parked> left;
  for (Parked& parked : std::exchange(parked_, {})) {
    if (blocked.contains(parked.queue) || !parked.legs.reserve()) {
      blocked.insert(parked.queue);
      left.push_back(std::move(parked));
      continue;
    }
    counters().parked.add(-static_cast<std::int64_t>(parked.events));
    account_ = parked.account;
    account_->take(Term::parked, parked.events);
    append(parked.legs, std::move(parked.receipts));
    ++gone_on[parked.queue];
  }
  parked_ = std::move(left);
  if (parked_.empty()) waiting_.store(false);
  std::vector<Flow*> freed;
  for (auto at = queues_.begin(); at != queues_.end();) {
    at->second.parked -= gone_on[at->second.id];
    if (at->second.parked == 0) freed.push_back(at->first);
    at = at->second.parked == 0 ? queues_.erase(at) : std::next(at);
  }
  for (Flow* flow : freed) flow->go_on();
  if (!old_.empty()) let_go_of_old();
}

void Dispatcher::forget(Flow& flow) { queues_.erase(&flow); }

void Dispatcher::finish(Clock::time_point deadline) {
  give_out_held();
  for (retry_parked(); !parked_.empty() && Clock::now() < deadline; retry_parked())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  abandon_parked();
}

void Dispatcher::abandon_parked() {
  for (const Parked& parked : parked_) {
    counters().parked.add(-static_cast<std::int64_t>(parked.events));
    account_ = parked.account;
    account_->take(Term::parked, parked.events);
    count(Term::shutdown, parked.events);
  }
  parked_.clear();
  queues_.clear();
  old_.clear();
}

}  // namespace logboom
