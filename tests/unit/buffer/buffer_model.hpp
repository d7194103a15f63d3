#pragma once

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "output/output_test_support.hpp"

/// Random calls on any buffer, beside a simple model of what it must hold. No thread, and no waiting: time is the
/// model's own.
namespace logboom::test {

class TestTime final : public TimeSource {
 public:
  std::chrono::steady_clock::time_point now() const noexcept override { return now_; }
  std::chrono::system_clock::time_point wall() const noexcept override { return wall_; }
  void pass(std::chrono::nanoseconds time) {
    now_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(time);
  }
  std::int64_t seconds() const { return std::chrono::system_clock::to_time_t(wall_); }

 private:
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1000)};
  std::chrono::system_clock::time_point wall_{std::chrono::seconds(1700000000)};
};

/// Events {"n": number, "user": "u0", "p": padding} of one tag, one behind the other.
class EventMaker {
 public:
  struct Spec {
    std::int64_t sec;
    std::int64_t number;
    unsigned user;
    std::size_t padding;
  };
  static BatchPtr batch(std::string_view tag, const std::vector<Spec>& events);
};

struct BufferModelCase {
  std::string name;
  BufferSettings settings;
};
/// Settings that between them have every kind of key, flush mode, limit and overflow action.
std::vector<BufferModelCase> buffer_model_cases();

class BufferModel {
 public:
  /// `settings.time` is the model's afterwards. `start` makes the buffer and starts it.
  using Start = std::function<std::unique_ptr<Buffer>(const BufferSettings& settings, OutputCounters& counters)>;
  BufferModel(BufferSettings settings, std::uint32_t seed, const Start& start);

  /// Makes so many random calls, then empties the buffer, and checks what came of every event.
  void run(int steps);

 private:
  using Clock = std::chrono::steady_clock;
  using Key = std::string;

  struct Out {
    std::vector<std::int64_t> numbers;
    Clock::time_point again;  // not before
    Key key;
  };

  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  void step();
  void append();
  void take();
  void answer();
  void flush();
  void check_counts();
  void check_chunk(const Chunk& chunk, const std::vector<std::int64_t>& numbers);
  void check_all_due();
  void empty_buffer();
  bool has_failed(const Key& key) const;
  Key key_of(std::string_view tag, std::int64_t sec, unsigned user) const;
  const Chunk* take_now() { return buffer_->take(Clock::time_point::min(), buffer_->wakes()); }

  TestTime time_;
  BufferSettings settings_;
  OutputCounters counters_;
  std::unique_ptr<Buffer> buffer_;
  std::mt19937 random_;

  std::int64_t next_number_ = 0;
  std::uint64_t appended_ = 0;
  std::map<std::int64_t, Key> waiting_;  // appended, and not seen in a chunk; or dropped for want of room
  std::map<std::int64_t, std::size_t> sizes_;
  std::map<Key, std::int64_t> last_seen_;
  std::map<const Chunk*, Out> taken_;
  std::map<std::string, Out> retrying_;  // by the chunk's id
  std::set<std::int64_t> done_;
  std::uint64_t dropped_ = 0;
  std::uint64_t invalid_ = 0;
  bool room_wanted_ = false;
};

}  // namespace logboom::test
