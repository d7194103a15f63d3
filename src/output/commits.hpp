#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <logboom/output.hpp>

namespace logboom {

/// The chunks of one output whose fate is not known yet, and what the output says of them.
///
/// Threads: any. Outlives the output's commits, which share it.
class PendingCommits final : public Commits {
 public:
  using Clock = std::chrono::steady_clock;
  struct Settled {
    const Chunk* chunk;
    WriteResult result;
  };

  explicit PendingCommits(std::chrono::nanoseconds timeout) : timeout_(timeout) {}

  /// `wake` is called when there is something to take, until `close`.
  void open(std::function<void()> wake);
  void expect(const std::string& key) override;
  void settle(const std::string& key, WriteResult result) override;

  /// `write` has come back. `pending`: the chunk, which stays valid, is watched from now on.
  void written(const Chunk& chunk, bool pending, Clock::time_point now);
  /// What was said since, and what is overdue, as a failure.
  std::vector<Settled> take(Clock::time_point now);
  /// When the next one is overdue.
  Clock::time_point next_overdue() const;
  /// Whatever is said from now on is too late. Returns what is still pending.
  std::vector<const Chunk*> close();

 private:
  struct Entry {
    const Chunk* chunk = nullptr;  // null while it is being written
    Clock::time_point overdue = Clock::time_point::max();
    bool is_settled = false;
    WriteResult result{};
  };

  const std::chrono::nanoseconds timeout_;
  mutable std::mutex mutex_;
  std::function<void()> wake_;
  std::map<std::string, Entry> entries_;
};

}  // namespace logboom
