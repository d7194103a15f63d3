#include <algorithm>

#include "pipeline/dispatcher.hpp"

// What comes out of filters and outputs that hold events back.
namespace logboom {

/// Takes what one holder gives back, each event a batch of its own.
class Dispatcher::Release final : public ReleaseSink {
 public:
  Release(Dispatcher& dispatcher, const HolderPlace& place) : dispatcher_(dispatcher), place_(place) {}

  unsigned worker() const noexcept override { return dispatcher_.executor_.index(); }
  void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) override {
    send(place_, tag, time, record, held);
  }
  void release_to(std::string_view label, std::string_view tag, const EventTime& time, std::string_view record,
                  std::uint64_t held) override {
    send({nullptr, nullptr, label == "@ROOT" ? std::string() : std::string(label)}, tag, time, record, held);
  }
  void fail(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held,
            std::string_view reason) override {
    count(held);
    Legs legs;
    dispatcher_.send_failed(batch(dispatcher_.tags("@ERROR"), tag, time, record), reason, legs, "held");
    dispatcher_.deliver(std::move(legs), {}, dispatcher_.held_flow_);
  }

 private:
  BatchPtr batch(TagTable& tags, std::string_view tag, const EventTime& time, std::string_view record) {
    auto made = std::make_unique<EventBatch>(tags.intern(tag));
    const Span span = dispatcher_.writer_.write(time, record);
    made->add(span, dispatcher_.writer_.slab());
    return BatchPtr(std::move(made));
  }
  void send(const HolderPlace& place, std::string_view tag, const EventTime& time, std::string_view record,
            std::uint64_t held) {
    count(held);
    Legs legs;
    BatchPtr made = batch(dispatcher_.tags(place.label), tag, time, record);
    const RouteNode& node = dispatcher_.active_->cache.find(place.label, made->tag());
    const auto at = std::find(node.filters.begin(), node.filters.end(), place.filter);
    const auto from = at == node.filters.end() ? 0 : at - node.filters.begin() + 1;
    dispatcher_.collect(node, std::move(made), legs, Legs::root, static_cast<std::size_t>(from));
    dispatcher_.deliver(std::move(legs), {}, dispatcher_.held_flow_);
  }
  void count(std::uint64_t held) {
    RoutingCounters& counters = dispatcher_.counters();
    counters.held.add(-static_cast<std::int64_t>(held));
    (held != 0 ? counters.merged : counters.made).add(held != 0 ? held - 1 : 1);
  }

  Dispatcher& dispatcher_;
  const HolderPlace& place_;
};

void Dispatcher::HeldFlow::go_on() {
  held_ = false;
  dispatcher_.watch_holders();
}

/// Sees to it that `expire_held` is called in time.
void Dispatcher::watch_holders() {
  if (routes_->pipeline->holders().empty() || held_flow_.held()) return;
  Clock::time_point first = Clock::time_point::max();
  for (const HolderPlace& place : routes_->pipeline->holders()) {
    if (const auto at = place.holder->next_expiry(executor_.index())) first = std::min(first, *at);
  }
  if (first >= watching_for_) return;
  watching_for_ = first;
  executor_.call_at(first, [this, first] {
    if (watching_for_ == first) watching_for_ = Clock::time_point::max();
    expire_held();
  });
}

void Dispatcher::expire_held() {
  active_ = routes_.get();
  const Clock::time_point now = Clock::now();
  for (const HolderPlace& place : routes_->pipeline->holders()) {
    if (held_flow_.held()) return;
    Release sink(*this, place);
    place.holder->expire(now, sink);
  }
  watch_holders();
}

/// Holders in the order of the rules, so that what one gives out may be held by the next, and is then given out too.
void Dispatcher::flush_held(Routes& routes, const std::vector<HolderPlace>& places) {
  active_ = &routes;
  for (const HolderPlace& place : places) {
    Release sink(*this, place);
    place.holder->flush(sink);
  }
}

}  // namespace logboom
