#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <logboom/bytes.hpp>
#include <logboom/log.hpp>
#include <logboom/receipt.hpp>

#include "net/lanes.hpp"
#include "net/resident.hpp"
#include "net/turn.hpp"
#include "record/emitter.hpp"
#include "record/executor.hpp"

namespace logboom::net {

class Worker;

/// One input's emitter on a worker, on whose thread it is called.
using EmitterSource = std::function<std::shared_ptr<Emitter>(Worker&)>;
/// Keeps an input alive while something of it is on its way to a worker. Empty where nobody has to be kept.
using InputOwner = std::function<std::shared_ptr<const void>()>;

/// One thread with an event loop, its slabs and its residents, which are given to it by `adopt` and stay.
///
/// Threads: `post`, `call_at`, `adopt`, `settled`, `connections`, `begin_shutdown`, `end_outlived`, `freeze`,
/// `when_quiet` and `begin_hand_over` from any thread; all else is the worker's own. Lifetime: outlives every receipt
/// and every slab that it made; `join` before the sinks are gone is not needed.
class Worker final : public Executor {
 public:
  using Clock = std::chrono::steady_clock;

  Worker(unsigned index, Log& log);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  /// Ends the loop and the thread. Connections that are left are closed.
  void stop_and_join();

  unsigned index() const noexcept override { return index_; }
  Log& log() noexcept { return log_; }
  void post(std::function<void()> task) override;
  void call_at(Clock::time_point at, std::function<void()> task) override;
  /// Residents that this worker has or is about to get.
  std::size_t connections() const noexcept { return connection_count_.load(std::memory_order_relaxed); }
  /// Takes a resident over: `make` runs on the worker.
  void adopt(std::function<std::unique_ptr<Resident>(Worker&)> make);
  /// A number for a new resident.
  static std::uint64_t next_id() noexcept;

  /// Reads what has arrived for every resident, ends each as its protocol asks, and calls `done` on this thread when
  /// none is left; those that still wait at `deadline` are cut.
  void begin_shutdown(Clock::time_point deadline, std::function<void()> done);
  /// Every resident takes nothing in for now, or goes on; so do those that come.
  void freeze(bool on);
  /// Calls `done` on this thread as soon as no resident owes anything, or at the deadline.
  void when_quiet(Clock::time_point deadline, std::function<void()> done);
  /// As `begin_shutdown`; what the next process can go on with is left in `to`, which nobody else uses until `done`.
  void begin_hand_over(Handover& to, Clock::time_point deadline, std::function<void()> done);
  /// The same for those residents that a reload has outlived, with nobody told; the others don't notice.
  void end_outlived(Clock::time_point deadline);

  /// Ends this resident if it has yet to show who it is. From any thread.
  void evict(std::uint64_t resident);
  /// Lets every resident see whether it has been idle for too long. From any thread.
  void sweep();

  /// A receipt whose outcome goes to the resident's `on_settled`.
  Receipt receipt(std::uint64_t resident, std::uint64_t token);
  /// The outcome of a receipt, on its way there.
  void settled(std::uint64_t resident, std::uint64_t token, bool confirmed);

  struct Region {
    SlabPtr slab;
    std::uint8_t* data = nullptr;  // `prefix` bytes of room, then `size` more
    std::size_t size = 0;
  };
  /// Room in the worker's slab for `prefix` bytes and, behind them, what a connection may read when it is its turn.
  Region region(std::size_t prefix);
  /// How much of the last region now holds bytes that somebody may still look at.
  void use_region(std::size_t size) noexcept { slab_used_ += size; }

  /// What a connection may read when it is its turn.
  std::size_t turn_bytes() const noexcept { return turn_.bytes(); }

  SlabPool& slabs() noexcept { return slabs_; }
  Lanes& lanes() noexcept { return lanes_; }
  /// Wakes the resident by its `on_timer` once.
  void set_timer(std::uint64_t resident, Clock::time_point at);
  /// Calls the resident's `on_ready` as if it were readable, soon.
  void read_again(std::uint64_t resident);
  /// Destroys the resident once the current round is over.
  void bury(Resident& resident);
  bool shutting_down() const noexcept { return shutting_down_; }

 private:
  struct Impl;

  void run();
  void wait_for_gate();
  void on_gate();
  void read_gathered();
  void watch_idleness();
  struct Round {
    std::size_t reads = 0;
    std::size_t bytes = 0;
    Clock::time_point end;
  };
  Round serve(Lanes::Lane lane);
  template <class F>
  void guarded(Resident& resident, F&& call);
  void after_calls();
  void deliver_settled();
  void empty_graveyard();
  void arm_timer();
  void fire_timers();
  void close_rest();
  std::vector<Resident*> all_residents(bool only_outlived) const;
  void each_resident(const std::function<void(Resident&)>& call);
  void check_shutdown();
  void end_all(Clock::time_point deadline, std::function<void()> done, const std::function<void(Resident&)>& end);

  unsigned index_;
  Log& log_;
  SlabPool slabs_;
  Lanes lanes_;
  Turn turn_;
  SlabPtr slab_;
  std::size_t slab_used_ = 0;
  bool shutting_down_ = false;
  bool frozen_ = false;
  std::atomic<std::size_t> connection_count_{0};
  std::atomic<std::thread::id> thread_id_{};
  std::unique_ptr<Impl> impl_;
  std::thread thread_;
};

/// The one with the fewest residents. There must be one.
Worker& least_loaded(const std::vector<std::unique_ptr<Worker>>& workers) noexcept;

}  // namespace logboom::net
