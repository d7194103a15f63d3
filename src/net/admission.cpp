#include "net/admission.hpp"

#include <algorithm>
#include <utility>

#include "net/connection.hpp"
#include "net/worker.hpp"

namespace logboom::net {

Admission::Admission(const LimitOptions& limits, const std::function<Counter&(std::string_view reason)>& counter,
                     Log& log, std::string name)
    : limits_(limits),
      log_(log),
      name_(std::move(name)),
      too_many_(counter("too_many_connections")),
      too_many_of_address_(counter("too_many_of_address")),
      evicted_(counter("half_open_evicted")),
      idle_(counter("idle")),
      too_large_(counter("bytes_per_connection")),
      no_memory_(counter("connection_memory")) {}

bool Admission::admit(const PeerName& peer, Ticket& ticket) {
  if (limits_.connections == 0 && limits_.connections_per_address == 0) return true;
  const bool by_address = limits_.connections_per_address != 0 && !peer.address.empty();
  Kind* refused = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (limits_.connections != 0 && count_ >= limits_.connections) {
      refused = &too_many_;
    } else if (by_address && ++by_address_[peer.address] > limits_.connections_per_address) {
      --by_address_[peer.address];
      refused = &too_many_of_address_;
    } else {
      ++count_;
    }
  }
  if (refused == nullptr) {
    ticket = Ticket(this, [self = shared_from_this(), address = by_address ? peer.address : std::string()](
                              const void*) { self->release(address); });
    return true;
  }
  note(*refused, peer.address, peer.full,
       refused == &too_many_
           ? cat("is reset: there are ", limits_.connections, " connections already (<limits> connections)")
           : cat("is reset: its address has ", limits_.connections_per_address,
                 " connections already (<limits> connections_per_address)"));
  return false;
}

void Admission::release(const std::string& address) {
  const std::lock_guard lock(mutex_);
  --count_;
  if (address.empty()) return;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

Admission::Ticket Admission::half_open(Worker& worker, std::uint64_t resident, const PeerName& peer) {
  {
    const std::lock_guard lock(mutex_);
    half_open_[resident] = {&worker, peer.address, peer.full};
  }
  Ticket ticket(this, [self = shared_from_this(), resident](const void*) { self->forget(resident); });
  evict_beyond(limits_.half_open);
  return ticket;
}

void Admission::forget(std::uint64_t resident) {
  const std::lock_guard lock(mutex_);
  half_open_.erase(resident);
}

std::size_t Admission::half_open_count() const {
  const std::lock_guard lock(mutex_);
  return half_open_.size();
}

void Admission::evict(std::size_t count) {
  const std::size_t now = half_open_count();
  evict_beyond(now - std::min(now, count));
}

void Admission::evict_beyond(std::size_t most) {
  for (;;) {
    std::map<std::uint64_t, HalfOpen>::node_type oldest;
    {
      const std::lock_guard lock(mutex_);
      if (half_open_.size() <= most) return;
      oldest = half_open_.extract(half_open_.begin());
    }
    oldest.mapped().worker->evict(oldest.key());
    note(evicted_, oldest.mapped().address, oldest.mapped().peer,
         "is reset: it has not shown yet who it is, and there are too many such connections (<limits> half_open)");
  }
}

void Admission::idle(const PeerName& peer) {
  note(idle_, peer.address, peer.full, "is closed: it has brought nothing for a while (<limits> idle_timeout)");
}

void Admission::too_large(const PeerName& peer) {
  note(too_large_, peer.address, peer.full,
       "is reset: a message is too large, or it does not read what it is answered (<limits> bytes_per_connection)");
}

void Admission::no_memory(const PeerName& peer) {
  note(no_memory_, peer.address, peer.full,
       "is reset: all connections together have sent too much of messages that are not whole, or do not read what they "
       "are answered (<system> connection_memory)");
}

void Admission::note(Kind& kind, const std::string& address, const std::string& peer, std::string_view words) {
  kind.counter.add();
  std::uint64_t more = 0;
  if (!kind.limiter.due(address, more)) return;
  log_.warn(cat(name_, ": ", peer, ": ", words, more == 0 ? "" : cat(" (and ", more, " more of this address)")));
}

}  // namespace logboom::net
