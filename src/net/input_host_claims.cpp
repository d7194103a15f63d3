#include <algorithm>
#include <utility>

#include "net/connection.hpp"
#include "net/datagram_socket.hpp"
#include "net/input_host.hpp"
#include "net/listener.hpp"
#include "net/server.hpp"

// Which addresses an input takes over from one that goes, and what stands in their way.
namespace logboom::net {

namespace {

/// False where somebody else is in the way.
template <class F>
bool opens(F&& open) {
  try {
    open();
    return true;
  } catch (const AddressInUse&) {
    return false;
  }
}

}  // namespace

/// A listener of a going input that listens there. Each is claimed by one.
bool InputHost::claim(Stream& stream) {
  for (InputHost* host : server_.hosts_) {
    if (!host->going_) continue;
    for (Stream& other : host->streams_) {
      if (other.claimed || other.replaced || !other.listener->listens_on(stream.group->options)) continue;
      other.claimed = true;
      stream.listener = other.listener;
      stream.from = host;
      claimed_from_.insert(host);
      return true;
    }
  }
  return false;
}

/// A socket of datagrams may be read by two for a moment: whoever takes one takes it once.
bool InputHost::claim(Datagrams& datagrams) {
  const DatagramListen& where = datagrams.group->options;
  for (const InputHost* host : server_.hosts_) {
    if (!host->going_) continue;
    for (const Datagrams& other : host->datagrams_) {
      const DatagramListen& there = other.group->options;
      const bool same_port = where.unix_path.empty() && there.bind == where.bind && there.port == where.port;
      if (!other.socket || there.unix_path != where.unix_path || (where.unix_path.empty() && !same_port)) continue;
      datagrams.socket = other.socket;
      claimed_from_.insert(host);
      return true;
    }
  }
  return false;
}

/// What to say where one of our own inputs is in the way, whether it stays or goes.
std::string InputHost::own_in_the_way(std::uint16_t port, bool streams) const {
  for (const InputHost* host : server_.hosts_) {
    const auto stream_has = [port](const Stream& stream) { return stream.listener->has_port(port); };
    const auto socket_has = [port](const Datagrams& each) { return each.socket && each.socket->has_port(port); };
    const bool has = streams ? std::any_of(host->streams_.begin(), host->streams_.end(), stream_has)
                             : std::any_of(host->datagrams_.begin(), host->datagrams_.end(), socket_has);
    if (has) return cat(" – logboom's own source '", host->id_, "' listens there: choose another port");
  }
  return {};
}

void InputHost::open(Stream& stream) {
  stream.listener =
      std::make_shared<StreamListener>(server_.main_loop(), server_.workers(), stream.group, server_.log());
  if (std::optional<PassedSocket> passed = server_.passed_sockets().take(stream.group->options, id_)) {
    return stream.listener->open(id_, std::move(*passed));
  }
  try {
    return stream.listener->open(id_);
  } catch (const AddressInUse&) {
    end_retirements();
  }
  try {
    stream.listener->open(id_);
  } catch (const AddressInUse& error) {
    if (open_beside(stream)) return;
    const std::string advice = own_in_the_way(stream.group->options.port, true);
    if (advice.empty()) throw;
    throw std::runtime_error(error.bare() + advice);
  }
}

/// Listeners that only wait for their end are not to be in the way.
void InputHost::end_retirements() {
  for (InputHost* host : server_.hosts_) {
    for (Stream& stream : host->streams_) {
      if (stream.begun && stream.replaces) std::exchange(stream.replaces, nullptr)->drain_and_close();
    }
  }
}

/// Beside the listener of a going input that has another address of the same port, if there is one.
bool InputHost::open_beside(Stream& stream) {
  for (InputHost* host : server_.hosts_) {
    if (!host->going_) continue;
    for (Stream& other : host->streams_) {
      if (other.claimed || other.replaced || !other.listener->has_port(stream.group->options.port)) continue;
      other.listener->share_port(true);
      const bool opened = opens([&] { stream.listener->open(id_, true); });
      other.listener->share_port(false);
      if (!opened) continue;
      stream.replaces = other.listener;
      stream.from = host;
      other.replaced = true;
      claimed_from_.insert(host);
      return true;
    }
  }
  return false;
}

void InputHost::open(Datagrams& datagrams) {
  const DatagramListen& options = datagrams.group->options;
  if (std::optional<PassedSocket> passed = server_.passed_sockets().take(options, id_)) {
    datagrams.socket = use_passed(options, std::move(*passed));
    return;
  }
  try {
    datagrams.socket = bind_datagrams(datagrams.group->options);
  } catch (const AddressInUse& error) {
    if (open_beside(datagrams)) return;
    const std::string advice = own_in_the_way(datagrams.group->options.port, false);
    if (advice.empty()) throw;
    throw std::runtime_error(error.bare() + advice);
  }
}

/// The same for datagrams; sockets that have retired before and are still being read share their ports anyway.
bool InputHost::open_beside(Datagrams& datagrams) {
  const std::uint16_t port = datagrams.group->options.port;
  const auto bind = [&datagrams] {
    return opens([&datagrams] { datagrams.socket = bind_datagrams(datagrams.group->options, true); });
  };
  if (server_.has_retired(port) && bind()) return true;
  for (const InputHost* host : server_.hosts_) {
    if (!host->going_) continue;
    for (const Datagrams& other : host->datagrams_) {
      if (!other.socket || !other.socket->has_port(port)) continue;
      share_port(other.socket->fd(), true);
      const bool bound = bind();
      share_port(other.socket->fd(), false);
      if (!bound) continue;
      datagrams.replaces = other.socket;
      claimed_from_.insert(host);
      return true;
    }
  }
  return false;
}

/// What was claimed and not begun stays with whom it was claimed from, and so do the connections that came meanwhile.
void InputHost::give_back(Stream& stream) {
  if (stream.begun || stream.from == nullptr) return stream.listener->close();
  for (Stream& other : stream.from->streams_) {
    if (other.listener == stream.listener) other.claimed = false;
    if (other.listener != stream.replaces) continue;
    other.replaced = false;
    stream.listener->pass_to(other.group);
    stream.listener->drain_and_close();
  }
}

}  // namespace logboom::net
