#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/bind.hpp"
#include "net/connection.hpp"
#include "net/passed_sockets.hpp"

/// What one process leaves to the next that takes its place.
namespace logboom::net {

/// What a listener is known by in both processes: its input's type and its address, "forward tcp://0.0.0.0:24224". With
/// the same one there the connections of it can go on.
using ListenerKey = std::string;

/// A plaintext connection between two messages, with nothing owed.
struct HandedConnection {
  Fd fd;
  ListenerKey listener;
  PeerName peer;
  bool prompt = false;     // its client waits for answers
  bool begun = false;      // something was received
  std::string state;       // of the session
  std::string unconsumed;  // what it had not understood yet
};

struct Legacy {
  std::vector<PassedSocket> sockets;
  std::vector<HandedConnection> connections;
};

/// What a worker hands over, and for whom.
struct Handover {
  const std::set<ListenerKey>* wanted;  // by the next process; outlives this
  std::vector<HandedConnection> connections;
};

/// All but the descriptors, which go another way: those of the sockets, then those of the connections.
std::string encode(const Legacy& legacy);
/// `descriptors` in the same order. Throws std::runtime_error where the text is none of ours, or of another version.
Legacy decode(std::string_view text, std::vector<Fd> descriptors);
/// Of everything in it, in that order; they stay the legacy's.
std::vector<int> descriptors_of(const Legacy& legacy);

}  // namespace logboom::net
