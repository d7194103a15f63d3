#include "net/task_source.hpp"

namespace logboom::net {

void TaskSource::open() {
  call([this] { task_ = make_(*this); });
}

void TaskSource::on_settled(std::uint64_t token, bool confirmed) {
  if (ended_) return;
  call([&] { task_->on_receipt(token, confirmed); });
  check_end();
}

void TaskSource::on_timer() {
  if (ended_) return;
  timer_due_ = (held_ || frozen_) && !shutting_down_;
  if (!timer_due_) call([this] { task_->on_timer(); });
  check_end();
}

void TaskSource::resume() {
  if (timer_due_) return on_timer();
  check_end();
}

void TaskSource::freeze(bool on) {
  if (ended_) return;
  frozen_ = on;
  if (!on && timer_due_) on_timer();
}

void TaskSource::shut_down() {
  if (ended_) return;
  shutting_down_ = true;
  frozen_ = false;
  if (task_) call([this] { task_->on_stop(); });
  if (timer_due_) return on_timer();
  check_end();
}

void TaskSource::failed(std::string_view why) {
  WorkerSource::failed(why);
  if (!task_) return cut();
  check_end();
}

void TaskSource::check_end() {
  if (shutting_down_ && !held_ && !(task_ && task_->waiting())) cut();
}

void TaskSource::cut() {
  if (ended_) return;
  ended_ = true;
  worker_.bury(*this);
}

}  // namespace logboom::net
