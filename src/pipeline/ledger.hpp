#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <logboom/log.hpp>

#include "output/sink.hpp"
#include "pipeline/ledger_outputs.hpp"
#include "pipeline/ledger_state.hpp"

namespace logboom {

class Dispatcher;

/// What came in and what became of it, over all runs: the counts of the workers' books and of the outputs' sinks, on
/// top of what the runs before had counted. With a state directory a thread writes a checkpoint whenever something has
/// changed; what a process took with it that ended without an orderly end is a gap from then on.
///
/// Threads: `enter`, `read`, `carry` any; the rest the main one. Call order: `start`, when the outputs have started;
/// `workers_end`; `finish`, when the outputs have stopped.
/// Lifetime: the dispatchers live until `finish`; entries may outlive the ledger.
class Ledger {
 public:
  using Clock = std::chrono::steady_clock;

  /// How often a checkpoint is written while something changes.
  static constexpr std::chrono::milliseconds interval{250};

  /// `root_dir` may be empty. What is there and can't be used is put aside, with a warning.
  Ledger(std::string root_dir, Log& log);
  ~Ledger();
  /// Before `start`, where it was made without a directory: the process before has let go of it.
  void open(std::string root_dir);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// One sink in the ledger for as long as this lives; what it has counted stays. Must be gone before the sink.
  class Entry {
   public:
    virtual ~Entry() = default;
  };
  std::unique_ptr<Entry> enter(const std::string& id, const Sink& sink);

  void start(std::vector<Dispatcher*> dispatchers);
  /// What `source` brings to an output without the rules: `append` appends that many events to its sink.
  void carry(const std::string& source, std::string_view tag, std::uint64_t events,
             const std::function<void()>& append);

  const Counter& carried() const noexcept { return carried_; }

  /// One moment's counts. Waits for each worker to come to its turn, with a deadline. Throws std::runtime_error where
  /// that does not come, or the workers end.
  LedgerState read();

  /// Before the workers do: no more checkpoints, and no `read`, from here on.
  void workers_end();
  void finish();

 private:
  using Outputs = std::map<std::string, LedgerOutputs::Counts>;
  struct Collection;

  void load();
  void work();
  bool has_changed();
  void checkpoint(bool ended);
  void ask_workers(Collection& all);
  void look_at_books(Collection& all);
  LedgerState put_together(void (Ledger::*read_books)(Collection&));
  std::int64_t add_uncounted(LedgerOutput& output, const std::optional<LedgerOutput::Ever>& before) const;
  void add_outputs(LedgerState& state, const Outputs& outputs) const;
  void add_gap(LedgerState& state, const Outputs& outputs) const;

  std::string root_dir_;
  Log& log_;
  LogLimiter failures_{std::chrono::seconds(60)};
  LedgerState base_;  // what the runs before have left
  bool gap_before_ = false;
  std::int64_t on_the_way_ = 0;  // at the last checkpoint before the gap
  std::int64_t started_ = 0;
  std::shared_ptr<LedgerOutputs> outputs_ = std::make_shared<LedgerOutputs>();
  std::vector<Dispatcher*> dispatchers_;
  bool has_started_ = false;

  Counter carried_;
  std::mutex own_mutex_;
  Books own_;  // of events that neither a connection nor a dispatcher brings

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;

  std::uint64_t seen_activity_ = 0;
  std::int64_t seen_outputs_ = 0;
  std::int64_t last_in_ = 0;
  Clock::time_point last_read_{};
  Clock::time_point synced_{};
};

}  // namespace logboom
