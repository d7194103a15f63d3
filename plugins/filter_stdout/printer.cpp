#include "printer.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace logboom::plugins {

Printer::Printer(int fd, std::size_t queue_bytes, std::string id, Log& log)
    : queue_bytes_(queue_bytes), id_(std::move(id)), log_(log), writer_(fd) {}

Printer::~Printer() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  if (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return done_; })) writer_.interrupt();
  lock.unlock();
  thread_.join();
}

void Printer::print(std::string_view text, std::uint64_t lines) {
  if (lines == 0) return;
  std::unique_lock lock(mutex_);
  if (queue_.size() + text.size() > queue_bytes_) {
    lock.unlock();
    return drop(lines, "stdout is read too slowly");
  }
  const bool was_empty = queue_.empty();
  queue_ += text;
  queued_lines_ += lines;
  if (!thread_.joinable()) {
    // The process's signals belong to the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  lock.unlock();
  if (was_empty) changed_.notify_all();
}

void Printer::run() {
  std::string text;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) break;
    text.clear();
    text.swap(queue_);
    const std::uint64_t lines = std::exchange(queued_lines_, 0);
    lock.unlock();
    const std::string error = writer_.write(text);
    error.empty() ? printed_.add(lines) : drop(lines, error);
    lock.lock();
  }
  done_ = true;
  changed_.notify_all();
}

void Printer::drop(std::uint64_t lines, std::string_view reason) {
  dropped_.add(lines);
  if (std::uint64_t more = 0; limiter_.due(more)) {
    log_.warn(cat(id_, ": lines are not printed: ", reason, "; the events go on (", dropped_.value(), " so far)"));
  }
}

}  // namespace logboom::plugins
