#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace logboom {

/// A question that takes as long as it likes and can't be interrupted, as those to name servers: it is asked on a
/// thread of its own, which nobody has to wait for. `Answer` has a `std::string why`, which is empty where all is well.
///
/// Threads: any.
template <class Answer>
class Inquiry {
 public:
  using Clock = std::chrono::steady_clock;
  /// May run longer than whoever has asked lives: what it uses it has to own.
  using Ask = std::function<Answer()>;

  /// Where there is no thread to be had, or `ask` throws, the answer's `why` says so.
  static std::shared_ptr<Inquiry> begin(Ask ask) {
    const auto inquiry = std::make_shared<Inquiry>();
    try {
      std::thread([inquiry, ask = std::move(ask)] { inquiry->run(ask); }).detach();
    } catch (const std::exception& error) {
      inquiry->fail(error);
    }
    return inquiry;
  }
  /// One that is answered.
  static std::shared_ptr<Inquiry> of(Answer answer) {
    const auto inquiry = std::make_shared<Inquiry>();
    inquiry->settle(std::move(answer));
    return inquiry;
  }

  /// Until there is an answer. False: there is none by `until`, or `interrupted` became true, which is seen soon.
  bool wait(Clock::time_point until, const std::atomic<bool>& interrupted) {
    constexpr std::chrono::milliseconds look_interval{50};
    std::unique_lock lock(mutex_);
    while (!answered_ && !interrupted && Clock::now() < until) {
      settled_.wait_until(lock, std::min(until, Clock::now() + look_interval));
    }
    return answered_;
  }
  /// After `wait` was true.
  const Answer& answer() const noexcept { return answer_; }

 private:
  void run(const Ask& ask) noexcept {
    try {
      settle(ask());
    } catch (const std::exception& error) {
      fail(error);
    }
  }
  void fail(const std::exception& error) {
    Answer answer;
    answer.why = error.what();
    settle(std::move(answer));
  }
  void settle(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    answered_ = true;
    settled_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable settled_;
  bool answered_ = false;
  Answer answer_;  // not changed once it is there
};

}  // namespace logboom
