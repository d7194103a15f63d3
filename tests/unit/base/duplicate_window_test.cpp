#include <logboom/duplicate_window.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

namespace logboom {
namespace {

using namespace std::chrono_literals;
using Met = DuplicateWindow::Met;
using Time = DuplicateWindow::Clock::time_point;

const Time start{std::chrono::hours(24 * 400)};

MessageId id_of(std::uint64_t number) { return {number * 0x9e3779b97f4a7c15U + 1, number * 0xc2b2ae3d27d4eb4fU}; }

/// Counts what became of receipts.
struct Outcomes {
  class Target final : public Receipt::Target {
   public:
    explicit Target(Outcomes& to) : outcomes_(to) {}
    void settled(bool safe) noexcept override { ++(safe ? outcomes_.confirmed : outcomes_.lost); }

   private:
    Outcomes& outcomes_;
  };
  Receipts one() {
    Receipts receipts;
    receipts.add(Receipt(new Target(*this)));
    return receipts;
  }
  int confirmed = 0;
  int lost = 0;
};

Met meet(DuplicateWindow& window, std::uint64_t number, Time now = start, std::uint32_t parts = 1) {
  Receipts none;
  return window.meet(id_of(number), none, now, parts);
}

TEST(DuplicateWindow, a_message_is_a_first_then_pending_then_safe) {
  DuplicateWindow window;
  EXPECT_EQ(meet(window, 1), Met::first);
  EXPECT_EQ(meet(window, 1), Met::pending);
  EXPECT_EQ(meet(window, 2), Met::first);
  window.settle(id_of(1), start);
  EXPECT_EQ(meet(window, 1), Met::safe);
  EXPECT_EQ(meet(window, 2), Met::pending);
  EXPECT_EQ(window.size(), 2U);
}

TEST(DuplicateWindow, what_is_safe_at_once_was_never_pending) {
  DuplicateWindow window;
  EXPECT_EQ(meet(window, 1, start, 0), Met::first);
  EXPECT_EQ(meet(window, 1, start, 0), Met::safe);
}

TEST(DuplicateWindow, messages_without_an_id_are_all_firsts) {
  DuplicateWindow window;
  Receipts none;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(window.meet({}, none, start), Met::first);
  window.settle({}, start);
  window.forget({});
  EXPECT_EQ(window.size(), 0U);
  EXPECT_EQ(window.memory(), 0U);
}

TEST(DuplicateWindow, a_window_of_nothing_remembers_nothing) {
  DuplicateWindow window({0, 1h});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(meet(window, 1), Met::first);
  EXPECT_EQ(window.memory(), 0U);
}

TEST(DuplicateWindow, receipts_of_those_sent_again_are_answered_with_the_first_one) {
  DuplicateWindow window;
  Outcomes outcomes;
  EXPECT_EQ(meet(window, 1), Met::first);
  for (int i = 0; i < 2; ++i) {
    Receipts again = outcomes.one();
    EXPECT_EQ(window.meet(id_of(1), again, start), Met::pending);
    EXPECT_TRUE(again.empty());
  }
  EXPECT_EQ(outcomes.confirmed + outcomes.lost, 0);
  window.settle(id_of(1), start).confirm();
  EXPECT_EQ(outcomes.confirmed, 2);

  Receipts late = outcomes.one();
  EXPECT_EQ(window.meet(id_of(1), late, start), Met::safe);
  EXPECT_FALSE(late.empty()) << "it is the caller's to confirm";
  late.confirm();
  EXPECT_TRUE(window.settle(id_of(1), start).empty());
  EXPECT_EQ(outcomes.lost, 0);
}

TEST(DuplicateWindow, a_message_is_safe_with_its_last_part) {
  DuplicateWindow window;
  Outcomes outcomes;
  EXPECT_EQ(meet(window, 1, start, 3), Met::first);
  Receipts again = outcomes.one();
  EXPECT_EQ(window.meet(id_of(1), again, start, 3), Met::pending);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(window.settle(id_of(1), start).empty());
    EXPECT_EQ(meet(window, 1), Met::pending);
  }
  window.settle(id_of(1), start).confirm();
  EXPECT_EQ(outcomes.confirmed, 1);
  EXPECT_EQ(meet(window, 1), Met::safe);
}

TEST(DuplicateWindow, what_was_lost_is_stored_when_it_comes_again) {
  DuplicateWindow window;
  Outcomes outcomes;
  EXPECT_EQ(meet(window, 1), Met::first);
  Receipts again = outcomes.one();
  window.meet(id_of(1), again, start);
  window.forget(id_of(1));
  EXPECT_EQ(outcomes.lost, 1);
  EXPECT_EQ(window.size(), 0U);
  EXPECT_EQ(meet(window, 1), Met::first);
  window.settle(id_of(1), start);
  window.forget(id_of(1));
  EXPECT_EQ(meet(window, 1), Met::safe) << "what is safe is not lost any more";
}

TEST(DuplicateWindow, the_oldest_safe_ones_go_when_there_are_too_many_and_pending_ones_stay) {
  DuplicateWindow window({3, 1h});
  EXPECT_EQ(meet(window, 100), Met::first);
  for (std::uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(meet(window, i), Met::first);
    window.settle(id_of(i), start);
  }
  EXPECT_LE(window.size(), 4U);
  EXPECT_EQ(meet(window, 100), Met::pending);
  EXPECT_EQ(meet(window, 4), Met::safe);
  EXPECT_EQ(meet(window, 0), Met::first);
}

TEST(DuplicateWindow, old_ones_go_by_age_counted_from_when_they_were_safe) {
  DuplicateWindow window({1000, 60s});
  meet(window, 1);
  EXPECT_EQ(meet(window, 1, start + 10min), Met::pending) << "however long that takes";
  window.settle(id_of(1), start + 10min);
  EXPECT_EQ(meet(window, 1, start + 10min + 59s), Met::safe);
  EXPECT_EQ(meet(window, 1, start + 10min + 62s), Met::first);
}

TEST(DuplicateWindow, what_a_file_held_at_the_start_is_known_again) {
  DuplicateWindow window({100, 1h});
  window.restore(id_of(1), start - 2h);
  window.restore(id_of(2), start - 30min);
  window.restore(id_of(3), start - 20min, 2);
  window.restore(id_of(3), start - 20min, 2);
  EXPECT_EQ(meet(window, 2), Met::safe);
  EXPECT_EQ(meet(window, 1), Met::first) << "too old";
  EXPECT_EQ(meet(window, 3), Met::pending);
  window.settle(id_of(3), start);
  window.settle(id_of(3), start);
  EXPECT_EQ(meet(window, 3), Met::safe);
}

TEST(DuplicateWindow, an_id_costs_44_bytes_at_most) {
  DuplicateWindow window({100'000, 1h});
  for (std::uint64_t i = 0; i < 400'000; ++i) meet(window, i, start, 0);
  EXPECT_EQ(window.size(), 100'000U);
  EXPECT_LE(window.memory(), 131'072U * 36) << "entries and buckets grow by doubling";
  DuplicateWindow few;
  for (std::uint64_t i = 0; i < 40; ++i) meet(few, i, start, 0);
  EXPECT_LE(few.memory(), 64U * 36);
}

/// The same in the simplest words.
class Model {
 public:
  Model(std::size_t count, std::chrono::seconds age) : count_(count), age_(age) {}
  Met meet(std::uint64_t id, Time now, bool safe_at_once) {
    for (int i = 0; i < 2 && !safe_.empty(); ++i) {
      if (safe_.size() < count_ && safe_.front().second >= now - age_) break;
      states_.erase(safe_.front().first);
      safe_.pop_front();
    }
    const auto [at, first] = states_.try_emplace(id, Met::pending);
    if (!first) return at->second;
    if (safe_at_once) settle(id, now);
    return Met::first;
  }
  void settle(std::uint64_t id, Time now) {
    const auto at = states_.find(id);
    if (at == states_.end() || at->second == Met::safe) return;
    at->second = Met::safe;
    safe_.emplace_back(id, now);
  }
  void forget(std::uint64_t id) {
    const auto at = states_.find(id);
    if (at != states_.end() && at->second == Met::pending) states_.erase(at);
  }
  std::size_t size() const { return states_.size(); }

 private:
  std::size_t count_;
  std::chrono::seconds age_;
  std::map<std::uint64_t, Met> states_;
  std::deque<std::pair<std::uint64_t, Time>> safe_;
};

TEST(DuplicateWindow, does_what_a_simple_model_does) {
  std::mt19937 random(4711);
  for (int round = 0; round < 20; ++round) {
    const std::size_t count = 1 + random() % 200;
    DuplicateWindow window({count, 100s});
    Model model(count, 100s);
    Time now = start;
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t number = random() % 400;
      if (random() % 8 == 0) now += std::chrono::seconds(random() % 30);
      switch (random() % 4) {
        case 0: window.settle(id_of(number), now), model.settle(number, now); break;
        case 1:
          if (random() % 8 == 0) window.forget(id_of(number)), model.forget(number);
          break;
        default: {
          const bool at_once = random() % 2 == 0;
          ASSERT_EQ(meet(window, number, now, at_once ? 0 : 1), model.meet(number, now, at_once));
        }
      }
      ASSERT_EQ(window.size(), model.size());
    }
  }
}

}  // namespace
}  // namespace logboom
