#pragma once

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/hand_over.hpp"

namespace logboom {

/// The process before was only to see whether this one would take over.
class NotNeeded : public std::runtime_error {
 public:
  NotNeeded() : runtime_error("the process before only wanted to know") {}
};

/// The process whose place this one takes. Call order: as declared. All throw std::runtime_error where nothing comes of
/// it; the process before then goes on.
class Predecessor {
 public:
  virtual ~Predecessor() = default;

  /// The sockets that it listens on.
  virtual std::vector<net::PassedSocket> sockets() = 0;
  /// Everything is made that two processes can have at once, with these listeners. Waits until the process before has
  /// let go of the rest. Throws NotNeeded.
  virtual void prepared(const std::set<net::ListenerKey>& listeners) = 0;
  virtual std::vector<net::HandedConnection> connections() = 0;
  /// Everything is made. Waits for the word to begin: nothing may be read from any socket before.
  virtual void ready() = 0;
  /// This process can't take over.
  virtual void refuse(const std::string& why) = 0;
};

/// Of this process, as its environment says; null where there is none. Removes the variable. Throws std::runtime_error.
std::unique_ptr<Predecessor> predecessor_of_process();
/// What nobody has taken over goes on in the same process.
std::unique_ptr<Predecessor> predecessor_of(net::Legacy legacy);

}  // namespace logboom
