#pragma once

#include <cstdint>
#include <vector>

#include <logboom/event.hpp>

#include "output/sink.hpp"

namespace logboom {

/// Everything that one delivery is appended to: to all of it, or to nothing. Where stores take notice of one another
/// their legs form groups.
class Legs {
 public:
  using Group = std::size_t;
  static constexpr Group root = 0;
  static constexpr Group none = static_cast<Group>(-1);

  explicit Legs(MessageId id = {}) noexcept : id_(id) {}

  void add(Sink* sink, BatchPtr batch, Group group) { list_.push_back({sink, std::move(batch), group, State::open}); }
  /// A group whose lack of room matters to nobody else if `optional`, and which is passed over unless the group
  /// `after_failure_of` had no room.
  Group add_group(Group parent, bool optional, Group after_failure_of);

  bool empty() const noexcept { return list_.empty(); }
  /// The batches hold events of other messages too: none of them may be taken for a duplicate.
  void forget_id() noexcept { id_ = {}; }
  std::uint64_t events() const noexcept;
  /// A sink that gets the batch twice can't be asked for both at once: a large batch may only ever fit into it alone.
  /// Takes the repeated legs out: what is to be asked for the second time, the third and so on; none where there are
  /// groups.
  std::vector<Legs> take_repeated();

  /// Counts what all sinks will hold. False, with nothing counted, where one that matters has no room.
  bool reserve();
  /// After `reserve`. Returns how many events were passed over.
  std::uint64_t append(Receipts receipts);

 private:
  enum class State : std::uint8_t { open, reserved, refused, passed_over };
  struct Leg {
    Sink* sink;
    BatchPtr batch;
    Group group;
    State state;
  };
  struct GroupInfo {
    Group parent = none;
    bool optional = false;
    Group after_failure_of = none;
    bool failed = false;
  };

  const GroupInfo* info(Group group) const { return group == root ? nullptr : &groups_[group - 1]; }
  bool repeats() const;
  bool is_passed_over(Group group) const;
  bool has_failed(Group group) const;
  bool fail(Group group);
  bool is_inside(Group group, Group outer) const;
  void unreserve();
  MessageId id_of(std::size_t index) const noexcept;

  MessageId id_;
  std::vector<Leg> list_;
  std::vector<GroupInfo> groups_;
};

}  // namespace logboom
