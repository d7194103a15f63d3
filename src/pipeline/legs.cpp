#include "pipeline/legs.hpp"

#include <unordered_map>
#include <utility>

namespace logboom {

namespace {

/// The id of a message's batch number `ordinal` on its way to one sink.
MessageId numbered(MessageId id, std::uint64_t ordinal) noexcept {
  if (id) id.low ^= ordinal * 0x9e3779b97f4a7c15U;
  return id;
}

}  // namespace

Legs::Group Legs::add_group(Group parent, bool optional, Group after_failure_of) {
  groups_.push_back({parent, optional, after_failure_of, false});
  return groups_.size();
}

std::uint64_t Legs::events() const noexcept {
  std::uint64_t sum = 0;
  for (const Leg& leg : list_) sum += leg.batch->events();
  return sum;
}

bool Legs::repeats() const {
  if (list_.size() < 2 || !groups_.empty()) return false;
  constexpr std::size_t few = 16;
  if (list_.size() > few) return true;
  for (std::size_t i = 1; i < list_.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      if (list_[before].sink == list_[i].sink) return true;
    }
  }
  return false;
}

std::vector<Legs> Legs::take_repeated() {
  std::vector<Legs> rounds;
  if (!repeats()) return rounds;
  std::unordered_map<const Sink*, std::size_t> seen;
  std::vector<Leg> first;
  for (Leg& leg : list_) {
    const std::size_t round = seen[leg.sink]++;
    if (round > rounds.size()) rounds.emplace_back(numbered(id_, round));
    (round == 0 ? first : rounds[round - 1].list_).push_back(std::move(leg));
  }
  list_ = std::move(first);
  return rounds;
}

bool Legs::is_passed_over(Group group) const {
  for (; group != root; group = info(group)->parent) {
    const Group before = info(group)->after_failure_of;
    if (before != none && !info(before)->failed) return true;
  }
  return false;
}

bool Legs::has_failed(Group group) const {
  for (; group != root; group = info(group)->parent) {
    if (info(group)->failed) return true;
  }
  return false;
}

bool Legs::is_inside(Group group, Group outer) const {
  for (; group != root; group = info(group)->parent) {
    if (group == outer) return true;
  }
  return false;
}

/// The nearest group around that may fail does, with all its legs. False where there is none.
bool Legs::fail(Group group) {
  while (group != root && !info(group)->optional) group = info(group)->parent;
  if (group == root) return false;
  groups_[group - 1].failed = true;
  for (Leg& leg : list_) {
    if (!is_inside(leg.group, group)) continue;
    if (leg.state == State::reserved) leg.sink->unreserve(*leg.batch);
    if (leg.state != State::passed_over) leg.state = State::refused;
  }
  return true;
}

void Legs::unreserve() {
  for (auto leg = list_.rbegin(); leg != list_.rend(); ++leg) {
    if (leg->state == State::reserved) leg->sink->unreserve(*leg->batch);
    leg->state = State::open;
  }
}

bool Legs::reserve() {
  for (GroupInfo& group : groups_) group.failed = false;
  for (Leg& leg : list_) leg.state = State::open;
  for (Leg& leg : list_) {
    if (is_passed_over(leg.group)) {
      leg.state = State::passed_over;
    } else if (has_failed(leg.group)) {
      leg.state = State::refused;
    } else if (leg.sink->reserve(*leg.batch)) {
      leg.state = State::reserved;
    } else if (!fail(leg.group)) {
      unreserve();
      return false;
    }
  }
  return true;
}

MessageId Legs::id_of(std::size_t index) const noexcept {
  if (!id_) return id_;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < index; ++i) before += list_[i].sink == list_[index].sink ? 1U : 0U;
  return numbered(id_, before);
}

std::uint64_t Legs::append(Receipts receipts) {
  std::uint64_t passed_over = 0;
  for (std::size_t i = 0; i < list_.size(); ++i) {
    Leg& leg = list_[i];
    if (leg.state == State::passed_over) {
      passed_over += leg.batch->events();
      continue;
    }
    const bool last = i + 1 == list_.size();
    Delivery delivery{std::move(leg.batch), last ? std::move(receipts) : receipts.share(), id_of(i)};
    if (leg.state == State::reserved) {
      leg.sink->append(std::move(delivery));
    } else {
      leg.sink->refuse(std::move(delivery));
    }
  }
  receipts.confirm();
  return passed_over;
}

}  // namespace logboom
