#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "balancer.hpp"
#include "heartbeat.hpp"
#include "server.hpp"

namespace logboom::out_forward {

/// The servers that there are now, and whose turn it is. Threads: any.
class Servers {
 public:
  using Make = std::function<std::shared_ptr<Server>(const ServerSettings&)>;

  Servers(const Setup& setup, Make make, std::uint32_t seed);
  ~Servers() { stop(); }

  /// Those that are there already stay as they are; those that are gone finish what they do. Where `make` throws, or a
  /// thread can't be had, that comes through, and all servers stay as they are.
  void set(const std::vector<ServerSettings>& settings);
  /// Heartbeats begin, also those of servers that come later.
  void start();
  void stop();
  /// Nobody waits for name servers any more.
  void interrupt_lookups() noexcept;

  /// The one whose turn it is, of those not in `tried`; a lost one where there is no other. Null: all were tried.
  /// `first`: the title of the one to be preferred, lost or not; may be empty.
  std::shared_ptr<Server> next(const std::vector<std::shared_ptr<Server>>& tried, const std::string& first);
  std::vector<std::shared_ptr<Server>> all() const;
  /// Gives up kept connections that are not wanted any more: too old, of another address, of a server that gets no
  /// share now. Looks whether any server has been silent for too long.
  void tidy();
  /// Whatever blocks, or would, fails soon.
  void interrupt() noexcept;

 private:
  struct Place {
    std::shared_ptr<Server> server;
    std::unique_ptr<Heartbeat> heartbeat;  // null where there are none
  };
  std::vector<Candidate> candidates() const;
  std::vector<Place*> known_places(const std::vector<ServerSettings>& settings);
  Place make_place(const ServerSettings& settings);

  const Setup& setup_;
  const Make make_;
  mutable std::mutex mutex_;
  std::vector<Place> places_;
  Balancer balancer_;
  std::vector<Place> leaving_;  // their heartbeats end soon
  bool started_ = false;
  bool looks_up_ = true;
  bool interrupted_ = false;
};

}  // namespace logboom::out_forward
