#include "net/hand_over.hpp"

#include <stdexcept>
#include <utility>

#include <logboom/session_state.hpp>

namespace logboom::net {

namespace {

// Changes with whatever is written here; logboom of another version then refuses to take over.
constexpr std::string_view version = "logboom hand-over 1";

}  // namespace

std::vector<int> descriptors_of(const Legacy& legacy) {
  std::vector<int> out;
  for (const PassedSocket& socket : legacy.sockets) out.push_back(socket.fd.get());
  for (const HandedConnection& connection : legacy.connections) out.push_back(connection.fd.get());
  return out;
}

std::string encode(const Legacy& legacy) {
  StateWriter out;
  out.put(version);
  out.put(legacy.sockets.size());
  for (const PassedSocket& socket : legacy.sockets) {
    out.put(socket.name);
    out.put(socket.managed ? 1U : 0U);
    out.put(socket.dropped ? std::uint64_t{*socket.dropped} + 1 : 0);
  }
  out.put(legacy.connections.size());
  for (const HandedConnection& connection : legacy.connections) {
    out.put(connection.listener);
    out.put(connection.peer.full);
    out.put(connection.peer.address);
    out.put(connection.peer.host);
    out.put((connection.prompt ? 1U : 0U) | (connection.begun ? 2U : 0U));
    out.put(connection.state);
    out.put(connection.unconsumed);
  }
  return out.take();
}

Legacy decode(std::string_view text, std::vector<Fd> descriptors) {
  StateReader in(text);
  if (in.text() != version) throw std::runtime_error("what the other process hands over is of another version");
  Legacy legacy;
  std::size_t next = 0;
  const auto broken = [](std::string_view what) {
    throw std::runtime_error(cat("what the other process hands over is broken: ", what));
  };
  const std::uint64_t sockets = in.number();
  if (sockets > descriptors.size()) broken("sockets are missing");
  for (std::uint64_t i = 0; i < sockets; ++i) {
    std::string name(in.text());
    const bool managed = in.number() != 0;
    const std::uint64_t dropped = in.number();
    PassedSocket socket = PassedSockets::look_at(descriptors[next++].take(), std::move(name), managed);
    if (dropped != 0) socket.dropped = static_cast<std::uint32_t>(dropped - 1);
    legacy.sockets.push_back(std::move(socket));
  }
  const std::uint64_t connections = in.number();
  if (connections != descriptors.size() - next) broken("connections are missing");
  for (std::uint64_t i = 0; i < connections; ++i) {
    HandedConnection connection;
    connection.fd = std::move(descriptors[next++]);
    connection.listener = in.text();
    connection.peer.full = in.text();
    connection.peer.address = in.text();
    connection.peer.host = in.text();
    const std::uint64_t flags = in.number();
    connection.prompt = (flags & 1) != 0;
    connection.begun = (flags & 2) != 0;
    connection.state = in.text();
    connection.unconsumed = in.text();
    legacy.connections.push_back(std::move(connection));
  }
  if (!in.ok() || !in.at_end()) broken("its end is not where it should be");
  return legacy;
}

}  // namespace logboom::net
