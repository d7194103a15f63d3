#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/resident.hpp"
#include "net/worker.hpp"
#include "record/emitter.hpp"

namespace logboom::net {

/// What sockets of datagrams and tasks have in common: a plugin's way in on a worker, without a connection.
class WorkerSource : public Source, public Resident, public Flow {
 public:
  WorkerSource(Worker& worker, std::shared_ptr<Emitter> emitter, std::string name)
      : worker_(worker), emitter_(std::move(emitter)), name_(std::move(name)), id_(Worker::next_id()) {}
  ~WorkerSource() override { emitter_->forget(*this); }

  std::uint64_t id() const noexcept final { return id_; }
  Tag tag(std::string_view text) final { return emitter_->tag(text); }
  SlabPool& slabs() final { return worker_.slabs(); }
  void emit(Delivery delivery) final { emitter_->emit(std::move(delivery), *this); }
  bool held() const final { return held_; }
  Receipt receipt(std::uint64_t token) final { return worker_.receipt(id_, token); }
  void set_timer(std::chrono::microseconds after) final { worker_.set_timer(id_, Worker::Clock::now() + after); }

  void hold() final { held_ = true; }
  void go_on() final {
    held_ = false;
    if (!in_call_) resume();
  }
  bool outlived() const noexcept final { return emitter_->standing() != Emitter::Standing::there; }
  /// A plugin's mistake with one datagram or at one time is not its end.
  void failed(std::string_view why) override {
    in_call_ = false;
    worker_.log().error(cat(name_, ": ", why, "; it goes on"));
  }

 protected:
  /// Room again.
  virtual void resume() = 0;
  template <class F>
  void call(F&& into_handler) {
    in_call_ = true;
    into_handler();
    in_call_ = false;
  }

  Worker& worker_;
  std::shared_ptr<Emitter> emitter_;
  std::string name_;
  std::uint64_t id_;
  bool held_ = false;
  bool in_call_ = false;
  bool frozen_ = false;
  bool shutting_down_ = false;
};

}  // namespace logboom::net
