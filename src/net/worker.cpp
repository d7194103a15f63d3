#include "net/worker.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "net/gather.hpp"

namespace logboom::net {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds idle_after{1};

struct Outcome {
  std::uint64_t resident;
  std::uint64_t token;
  bool confirmed;
};

/// Carries a receipt's outcome back to the resident's worker.
class Answer final : public Receipt::Target {
 public:
  Answer(Worker& worker, std::uint64_t resident, std::uint64_t token) noexcept
      : worker_(worker), resident_(resident), token_(token) {}
  void settled(bool confirmed) noexcept override { worker_.settled(resident_, token_, confirmed); }

 private:
  Worker& worker_;
  std::uint64_t resident_;
  std::uint64_t token_;
};

}  // namespace

struct Worker::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::posix::stream_descriptor gate{io};
  asio::steady_timer gather_timer{io};
  asio::steady_timer timer{io};
  asio::steady_timer idle_timer{io};
  bool idle_armed = false;
  bool busy = false;
  Gather gather;
  std::unordered_map<std::uint64_t, std::unique_ptr<Resident>> residents;
  std::vector<std::unique_ptr<Resident>> graveyard;
  std::multimap<Clock::time_point, std::uint64_t> timers;
  std::unordered_map<std::uint64_t, std::multimap<Clock::time_point, std::uint64_t>::iterator> timer_of;
  Clock::time_point timer_armed_for = Clock::time_point::max();
  std::vector<Outcome> settled_here;
  std::mutex mutex;
  std::vector<Outcome> settled_elsewhere;
  std::function<void()> shutdown_done;
};

Worker::Worker(unsigned index, Log& log) : index_(index), log_(log), impl_(std::make_unique<Impl>()) {
  impl_->gate.assign(lanes_.fd());
}

Worker::~Worker() {
  stop_and_join();
  impl_->gate.release();
}

void Worker::start() {
  wait_for_gate();
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  for (;;) {
    try {
      impl_->io.run();
      return;
    } catch (const std::exception& error) {
      log_.error(cat("worker ", index_, ": ", std::string_view(error.what()), "; it goes on"));
    }
  }
}

void Worker::stop_and_join() {
  if (!thread_.joinable()) return;
  post([this] {
    close_rest();
    after_calls();
    impl_->io.stop();
  });
  thread_.join();
}

void Worker::post(std::function<void()> task) {
  asio::post(impl_->io, [this, task = std::move(task)] {
    task();
    after_calls();
  });
}

void Worker::call_at(Clock::time_point at, std::function<void()> task) {
  asio::post(impl_->io, [this, at, task = std::move(task)]() mutable {
    auto timer = std::make_shared<asio::steady_timer>(impl_->io, at);
    timer->async_wait([this, timer, task = std::move(task)](const boost::system::error_code& error) {
      if (error) return;
      task();
      after_calls();
    });
  });
}

void Worker::adopt(std::function<std::unique_ptr<Resident>(Worker&)> make) {
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  post([this, make = std::move(make)] {
    std::unique_ptr<Resident> made = make(*this);
    Resident& resident = *made;
    impl_->residents.emplace(resident.id(), std::move(made));
    guarded(resident, [this, &resident] {
      resident.open();
      if (frozen_) resident.freeze(true);
      if (shutting_down_) resident.shut_down();
    });
  });
}

void Worker::begin_shutdown(Clock::time_point deadline, std::function<void()> done) {
  post([this, deadline, done = std::move(done)]() mutable {
    end_all(deadline, std::move(done), [](Resident& resident) { resident.shut_down(); });
  });
}

void Worker::end_all(Clock::time_point deadline, std::function<void()> done,
                     const std::function<void(Resident&)>& end) {
  shutting_down_ = true;
  impl_->shutdown_done = std::move(done);
  each_resident(end);
  auto cutter = std::make_shared<asio::steady_timer>(impl_->io, deadline);
  cutter->async_wait([this, cutter](const boost::system::error_code& error) {
    if (error) return;
    close_rest();
    after_calls();
  });
}

void Worker::end_outlived(Clock::time_point deadline) {
  post([this, deadline] {
    const std::vector<Resident*> outlived = all_residents(true);
    if (outlived.empty()) return;
    for (Resident* resident : outlived) guarded(*resident, [resident] { resident->shut_down(); });
    call_at(deadline, [this] {
      for (Resident* resident : all_residents(true)) guarded(*resident, [resident] { resident->cut(); });
    });
  });
}

void Worker::close_rest() {
  each_resident([](Resident& resident) { resident.cut(); });
}

void Worker::each_resident(const std::function<void(Resident&)>& call) {
  for (Resident* resident : all_residents(false)) guarded(*resident, [&call, resident] { call(*resident); });
}

std::vector<Resident*> Worker::all_residents(bool only_outlived) const {
  std::vector<Resident*> all;
  for (const auto& [id, resident] : impl_->residents) {
    if (!only_outlived || resident->outlived()) all.push_back(resident.get());
  }
  return all;
}

void Worker::evict(std::uint64_t resident) {
  post([this, resident] {
    const auto found = impl_->residents.find(resident);
    if (found != impl_->residents.end()) guarded(*found->second, [&found] { found->second->evict(); });
  });
}

void Worker::sweep() {
  post([this] {
    const Clock::time_point now = Clock::now();
    for (Resident* resident : all_residents(false)) guarded(*resident, [&] { resident->on_sweep(now); });
  });
}

void Worker::check_shutdown() {
  if (!shutting_down_ || !impl_->residents.empty() || !impl_->shutdown_done) return;
  std::exchange(impl_->shutdown_done, nullptr)();
}

std::uint64_t Worker::next_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Receipt Worker::receipt(std::uint64_t resident, std::uint64_t token) {
  return Receipt(new Answer(*this, resident, token));
}

void Worker::settled(std::uint64_t resident, std::uint64_t token, bool confirmed) {
  if (std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed)) {
    impl_->settled_here.push_back({resident, token, confirmed});
    return;
  }
  bool first = false;
  {
    const std::lock_guard lock(impl_->mutex);
    first = impl_->settled_elsewhere.empty();
    impl_->settled_elsewhere.push_back({resident, token, confirmed});
  }
  if (!first) return;
  post([this] {
    const std::lock_guard lock(impl_->mutex);
    auto& here = impl_->settled_here;
    here.insert(here.end(), impl_->settled_elsewhere.begin(), impl_->settled_elsewhere.end());
    impl_->settled_elsewhere.clear();
  });
}

Worker::Region Worker::region(std::size_t prefix) {
  constexpr std::size_t least_read = 48 * 1024;
  if (slab_ && slab_.get()->unique()) slab_used_ = 0;
  if (!slab_ || slab_->capacity() - slab_used_ < prefix + least_read) {
    slab_ = SlabPtr();
    slab_ = slabs_.take();
    slab_used_ = 0;
  }
  return {slab_, slab_->data() + slab_used_, std::min(slab_->capacity() - slab_used_ - prefix, turn_.bytes())};
}

void Worker::set_timer(std::uint64_t resident, Clock::time_point at) {
  const auto found = impl_->timer_of.find(resident);
  if (found != impl_->timer_of.end()) impl_->timers.erase(found->second);
  impl_->timer_of[resident] = impl_->timers.emplace(at, resident);
  arm_timer();
}

void Worker::arm_timer() {
  if (impl_->timers.empty() || impl_->timers.begin()->first >= impl_->timer_armed_for) return;
  impl_->timer_armed_for = impl_->timers.begin()->first;
  impl_->timer.expires_at(impl_->timer_armed_for);
  impl_->timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    fire_timers();
    after_calls();
  });
}

void Worker::fire_timers() {
  impl_->timer_armed_for = Clock::time_point::max();
  const Clock::time_point now = Clock::now();
  std::vector<std::uint64_t> due;
  while (!impl_->timers.empty() && impl_->timers.begin()->first <= now) {
    due.push_back(impl_->timers.begin()->second);
    impl_->timer_of.erase(due.back());
    impl_->timers.erase(impl_->timers.begin());
  }
  for (const std::uint64_t id : due) {
    const auto found = impl_->residents.find(id);
    if (found == impl_->residents.end()) continue;
    guarded(*found->second, [&] { found->second->on_timer(); });
  }
  arm_timer();
}

void Worker::read_again(std::uint64_t resident) {
  post([this, resident] {
    const auto found = impl_->residents.find(resident);
    if (found == impl_->residents.end()) return;
    guarded(*found->second, [&found] { found->second->on_ready(EPOLLIN); });
  });
}

void Worker::bury(Resident& resident) {
  const auto found = impl_->residents.find(resident.id());
  if (found == impl_->residents.end()) return;
  impl_->graveyard.push_back(std::move(found->second));
  impl_->residents.erase(found);
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::wait_for_gate() {
  impl_->gate.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) on_gate();
  });
}

void Worker::on_gate() {
  const Lanes::Report report = lanes_.look();
  if (report.prompt) serve(Lanes::Lane::prompt);
  if (report.gathered) read_gathered();
  after_calls();
  watch_idleness();
  wait_for_gate();
}

/// Memory that traffic needed goes back to the system once there is none.
void Worker::watch_idleness() {
  impl_->busy = true;
  if (impl_->idle_armed) return;
  impl_->idle_armed = true;
  impl_->busy = false;
  impl_->idle_timer.expires_after(idle_after);
  impl_->idle_timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    impl_->idle_armed = false;
    if (impl_->busy) return watch_idleness();
    slab_ = SlabPtr();
    slabs_.trim(0);
    // Buffers may hold slabs for longer; they come back without a word.
    if (slabs_.slabs() != 0) watch_idleness();
  });
}

/// One look at the gathered lane; then it is left alone for as long as it pays.
void Worker::read_gathered() {
  const Round round = serve(Lanes::Lane::gathered);
  const std::chrono::microseconds wait = impl_->gather.after_round(round.reads, round.bytes, round.end);
  if (wait.count() == 0) {
    lanes_.open_gate();
    return;
  }
  impl_->gather_timer.expires_after(wait);
  impl_->gather_timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    read_gathered();
    after_calls();
  });
}

/// An exception costs the resident that it came from, not the others.
template <class F>
void Worker::guarded(Resident& resident, F&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    resident.failed(error.what());
  }
}

/// One read of each resident that is ready.
Worker::Round Worker::serve(Lanes::Lane lane) {
  std::array<epoll_event, 512> space;
  const Clock::time_point begin = Clock::now();
  Round round;
  const std::span<const epoll_event> events = lanes_.ready(lane, space);
  for (const epoll_event& event : events) {
    auto& resident = *static_cast<Resident*>(event.data.ptr);
    guarded(resident, [&] { round.bytes += resident.on_ready(event.events); });
  }
  round.reads = events.size();
  round.end = Clock::now();
  turn_.after_round(round.end - begin);
  return round;
}

void Worker::after_calls() {
  do {
    deliver_settled();
    empty_graveyard();
  } while (!impl_->settled_here.empty());
  check_shutdown();
}

void Worker::deliver_settled() {
  while (!impl_->settled_here.empty()) {
    const std::vector<Outcome> outcomes = std::exchange(impl_->settled_here, {});
    for (const Outcome& outcome : outcomes) {
      const auto found = impl_->residents.find(outcome.resident);
      if (found == impl_->residents.end()) continue;
      guarded(*found->second, [&] { found->second->on_settled(outcome.token, outcome.confirmed); });
    }
  }
}

void Worker::empty_graveyard() { const auto dead = std::exchange(impl_->graveyard, {}); }

Worker& least_loaded(const std::vector<std::unique_ptr<Worker>>& workers) noexcept {
  return **std::min_element(workers.begin(), workers.end(),
                            [](const auto& a, const auto& b) { return a->connections() < b->connections(); });
}

}  // namespace logboom::net
