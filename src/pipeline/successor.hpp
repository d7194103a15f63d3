#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admin/service_manager.hpp"
#include "net/descriptor_channel.hpp"
#include "net/hand_over.hpp"

namespace logboom {

/// The environment variable by which a process knows that it is to take over: "socket:NUMBER", a channel's descriptor,
/// or "file:NUMBER", that of a file with a legacy and its descriptors' numbers.
inline constexpr const char* upgrade_variable = "LOGBOOM_UPGRADE";

/// A new process that is about to take over, seen from the one that runs. The talk: we send the sockets; it says
/// `prepared` with the listeners that it has, or `refused` and why. We send `take` and the connections, or `leave`; it
/// opens what two can't have, and says `ready`. We say `go`: from then on it is the one that runs. Where a write of
/// ours does not come back we can't let go of anything: we send `take alone` and end; it begins when we have.
///
/// Threads: the main one. A successor that is destroyed before `go` is killed.
class Successor {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts the program that `arguments[0]` names now, with these arguments. Throws std::runtime_error where there is
  /// none.
  Successor(const std::vector<std::string>& arguments, const ServiceManager& manager);
  ~Successor();
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// Readable when it has said something, or has ended.
  int fd() const noexcept { return channel_.fd(); }
  bool offer(const net::Legacy& sockets);
  /// The listeners that it has. Nothing where it refuses, or has ended: `why` says so.
  std::optional<std::set<net::ListenerKey>> prepared(std::string& why);
  /// It was only to see whether it would: waits for its end.
  void leave();
  /// Hands everything over, and waits until it is ready. `alone`: it does not wait for us to say `go`, but for our end.
  /// False with `why` where it does not become ready: it is killed then.
  bool take(const net::Legacy& legacy, bool alone, std::string& why);
  /// It runs, or will when this process has ended. It lives on when this is destroyed. A signal to end that waits for
  /// this process is for it now.
  void go();

 private:
  std::string how_it_ended();
  void kill();

  pid_t pid_ = -1;
  net::DescriptorChannel channel_;
  std::string path_;
  bool alone_ = false;
};

/// Becomes the program that `arguments[0]` names now, which goes on with the legacy. Returns only where that can't be
/// done, with the reason.
std::string become(const std::vector<std::string>& arguments, const ServiceManager& manager, const net::Legacy& legacy);

}  // namespace logboom
