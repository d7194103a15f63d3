#include <algorithm>
#include <utility>

#include "net/hand_over.hpp"
#include "net/worker.hpp"

// The residents on their way to another process.
namespace logboom::net {

namespace {

constexpr std::chrono::milliseconds quiet_poll{1};

}  // namespace

void Worker::freeze(bool on) {
  post([this, on] {
    frozen_ = on;
    each_resident([on](Resident& resident) { resident.freeze(on); });
  });
}

void Worker::when_quiet(Clock::time_point deadline, std::function<void()> done) {
  call_at(Clock::now(), [this, deadline, done = std::move(done)]() mutable {
    const auto all = all_residents(false);
    const bool quiet = std::all_of(all.begin(), all.end(), [](const Resident* resident) { return resident->quiet(); });
    if (quiet || Clock::now() >= deadline) return done();
    call_at(Clock::now() + quiet_poll,
            [this, deadline, done = std::move(done)]() mutable { when_quiet(deadline, std::move(done)); });
  });
}

void Worker::begin_hand_over(Handover& to, Clock::time_point deadline, std::function<void()> done) {
  post([this, &to, deadline, done = std::move(done)]() mutable {
    frozen_ = false;
    end_all(deadline, std::move(done), [&to](Resident& resident) { resident.hand_over(to); });
  });
}

}  // namespace logboom::net
