#include <algorithm>

#include "pipeline/dispatcher.hpp"

// What comes out of filters and outputs that hold events back.
namespace logboom {

namespace {

// The source of events that filters give out without having held any.
constexpr std::string_view filters_source = "(filters)";

}  // namespace

/// Takes what one holder gives back, each event a batch of its own.
class Dispatcher::Release final : public ReleaseSink {
 public:
  Release(Dispatcher& dispatcher, const HolderPlace& place)
      : dispatcher_(dispatcher), place_(place), holder_(place.holder) {}

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
    count(tag, held);
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
    count(tag, held);
    Legs legs;
    BatchPtr made = batch(dispatcher_.tags(place.label), tag, time, record);
    const RouteNode& node = dispatcher_.active_->cache.find(place.label, made->tag());
    const auto at = std::find(node.filters.begin(), node.filters.end(), place.filter);
    const auto from = at == node.filters.end() ? 0 : at - node.filters.begin() + 1;
    dispatcher_.collect(node, std::move(made), legs, Legs::root, static_cast<std::size_t>(from));
    dispatcher_.deliver(std::move(legs), {}, dispatcher_.held_flow_);
  }
  void count(std::string_view tag, std::uint64_t held) {
    dispatcher_.account_ = nullptr;
    dispatcher_.count_held({0, 0, 0, held, 1}, holder_, tag);
  }

  Dispatcher& dispatcher_;
  const HolderPlace& place_;
  const Holder* holder_;
};

/// What is let go leaves the accounts of those who brought it; what becomes of it goes on in the account at hand, or,
/// where there is none, in that of the oldest.
void Dispatcher::count_held(const RunTally& tally, const Holder* holder, std::string_view tag) {
  RoutingCounters& shared = counters();
  shared.held.add(static_cast<std::int64_t>(tally.held) - static_cast<std::int64_t>(tally.let_go));
  const bool fewer = tally.let_go >= tally.released;
  (fewer ? shared.merged : shared.made).add(fewer ? tally.let_go - tally.released : tally.released - tally.let_go);
  if (tally.held != 0) {
    books_.held().add(holder, tag, *account_, tally.held);
    account_->add(Term::held, tally.held);
  }
  books_.note_activity();
  Account& nobodys = books_.source(std::string(filters_source)).others();
  std::uint64_t own = 0;
  for (std::uint64_t left = tally.let_go; left != 0;) {
    HeldShares::Share share = books_.held().take(holder, tag, left);
    if (share.account == nullptr) share = {&nobodys, left};
    if (account_ == nullptr) account_ = share.account;
    share.account->take(Term::held, share.events);
    left -= share.events;
    share.account == account_ ? void(own += share.events) : share.account->add(Term::merged, share.events);
  }
  if (account_ == nullptr) account_ = &nobodys;
  const std::uint64_t go_on = std::min(own, tally.released);
  account_->add(Term::merged, own - go_on);
  account_->add(Term::made, tally.released - go_on);
}

void Dispatcher::count(Term term, std::uint64_t events) {
  account_->add(term, events);
  if (Counter* shared = counters().of(term)) shared->add(events);
}

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

void Dispatcher::give_out_held() {
  for (std::size_t i = 0; i < old_.size(); ++i) flush_held(*old_[i], old_[i]->gone);
  flush_held(*routes_, routes_->pipeline->holders());
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
