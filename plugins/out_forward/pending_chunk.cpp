#include "pending_chunk.hpp"

namespace logboom::out_forward {

bool AckWindow::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return free_ > 0 || interrupted_; });
  if (interrupted_) return false;
  --free_;
  return true;
}

void AckWindow::give_back() {
  const std::lock_guard lock(mutex_);
  ++free_;
  changed_.notify_one();
}

void AckWindow::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

}  // namespace logboom::out_forward
