#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/ledger.hpp"
#include "pipeline/pipeline.hpp"

namespace logboom {

/// How many things that were sent have come to an end, and how. Threads: any.
class Settlements {
 public:
  struct Counts {
    std::uint64_t open = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t failed = 0;
  };
  void expect();
  void settle(bool confirmed);
  Counts counts() const;
  /// Until nothing is open, but not beyond `longest`.
  void wait(std::chrono::milliseconds longest) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Counts counts_;
};

/// What became of events whose receipts are settled.
enum class Outcome : std::uint8_t {
  delivered,  // or given up again, and kept as dead letters
  lost,       // some of them are dropped, and kept nowhere
  left,       // they were not sent, or are still in the buffer at the end
};

/// A receipt that calls `settled` with the outcome, on any thread.
Receipts receipts_for(std::function<void(Outcome outcome)> settled);

/// Puts batches into an output's buffer without the rules, and counts them in the ledger as of a source of this name.
/// Waits for room for each, so that all of them may be more than the buffer holds. Returns how many events were sent:
/// those of the batches that there was room for when `is_over` came true, whose receipts then settle as `left`.
std::uint64_t deliver_directly(const std::string& source, const std::vector<BatchPtr>& batches, Receipts receipts,
                               MessageId id, Sink& sink, Ledger& ledger, const std::function<bool()>& is_over);

/// The outputs of the pipeline that runs, for threads of commands.
class RunningOutputs {
 public:
  void follow(const std::shared_ptr<const Pipeline>& pipeline);
  /// The output of this id that has a sink. Throws std::runtime_error, with the ids that there are. It is not destroyed
  /// as long as somebody has it.
  std::shared_ptr<OutputNode> find(const std::string& id) const;
  /// All with a sink.
  std::vector<std::shared_ptr<OutputNode>> all() const;

 private:
  mutable std::mutex mutex_;
  std::weak_ptr<const Pipeline> pipeline_;
};

}  // namespace logboom
