#include <cstring>
#include <utility>

#include "net/connection.hpp"
#include "net/hand_over.hpp"

// From one process to the next.
namespace logboom::net {

void StreamConnection::inherit(HandedConnection handed) {
  inherited_ = std::make_unique<HandedConnection>(std::move(handed));
  spoken_ = inherited_->begun;
  looked_ = looked_ || spoken_;
  if (inherited_->prompt) lane_ = Lanes::Lane::prompt;
  const std::string& bytes = inherited_->unconsumed;
  keep(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string StreamConnection::kept() const {
  if (large_) return {reinterpret_cast<const char*>(large_->data() + large_begin_), large_end_ - large_begin_};
  return {reinterpret_cast<const char*>(small_.get()), small_size_};
}

/// What was left unconsumed, once more: this time the session may do something with it.
void StreamConnection::consume_kept() {
  const std::string bytes = kept();
  if (bytes.empty() || state_ != State::open || close_wanted_) return;
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  small_size_ = 0;
  large_ = SlabPtr();
  const std::size_t used = consume(slab, slab->data(), bytes.size());
  keep(slab->data() + used, bytes.size() - used);
}

void StreamConnection::freeze(bool on) {
  if (state_ != State::open || !session_ || frozen_ == on) return;
  frozen_ = on;
  in_call_ = true;
  pausing_ = on && !session_->pause();
  if (!on) session_->go_on();
  in_call_ = false;
  kept_waits_ = !on && held_;
  if (!on && !held_) consume_kept();
  after_call();
}

bool StreamConnection::quiet() const {
  if (state_ != State::open) return true;
  return !pausing_ && !held_ && outbox_.empty() && !(session_ && session_->waiting());
}

bool StreamConnection::can_be_handed(const Handover& to) const {
  return state_ == State::open && frozen_ && session_ && quiet() && !close_wanted_ && !peer_done_ && !tls_ &&
         !group_.adopted && to.wanted->contains(group_.key);
}

/// What another process can't go on with ends as at a shutdown: what has arrived is read first.
void StreamConnection::hand_over(Handover& to) {
  std::optional<std::string> state;
  if (can_be_handed(to)) {
    in_call_ = true;
    state = session_->hand_over();
    in_call_ = false;
  }
  if (!state || held_) {
    frozen_ = pausing_ = false;
    if (session_ && state_ == State::open) {
      session_->go_on();
      consume_kept();
    }
    return shut_down();
  }
  HandedConnection handed;
  handed.listener = group_.key;
  handed.peer = peer_;
  handed.prompt = lane_ == Lanes::Lane::prompt;
  handed.begun = spoken_;
  handed.state = std::move(*state);
  handed.unconsumed = kept();
  if (watched_) worker_.lanes().remove(fd_, lane_);
  watched_ = false;
  handed.fd = Fd(std::exchange(fd_, -1));
  state_ = State::dead;
  worker_.bury(*this);
  to.connections.push_back(std::move(handed));
}

}  // namespace logboom::net
