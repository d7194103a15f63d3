#pragma once

#include <array>
#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "net/connection.hpp"
#include "net/host_names.hpp"
#include "net/passed_sockets.hpp"

namespace logboom::net {

/// Accepts the connections of one address on the main thread and hands each to the least loaded worker. From one
/// configuration to the next it may pass from one input to another without a connection noticing.
class StreamListener : public std::enable_shared_from_this<StreamListener> {
 public:
  StreamListener(boost::asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers,
                 std::shared_ptr<StreamGroup> group, Log& log);
  ~StreamListener();

  /// Binds and listens: connections wait in the backlog. Throws std::runtime_error with the address and what to do
  /// about it.
  /// `beside`: also where listeners are in the way that share their port.
  void open(const std::string& input_id, bool beside = false);
  /// Listens on a socket that somebody else has bound.
  void open(const std::string& input_id, PassedSocket passed);
  /// Begins to accept.
  void begin();
  /// From now on what is accepted belongs to this group, which listens on the same address.
  void pass_to(std::shared_ptr<StreamGroup> group);
  bool listens_on(const StreamListen& where) const noexcept;
  /// The same port of whatever address.
  bool has_port(std::uint16_t port) const noexcept { return socket_.is_open() && port_ != 0 && port_ == port; }
  void share_port(bool on);
  std::uint16_t port() const noexcept { return port_; }
  const std::string& where() const noexcept { return where_; }
  /// Takes what waits in the backlog.
  void drain();
  /// Another listener of this port takes its place: what has begun to connect is taken for a moment, then it closes.
  void retire();
  /// Takes what waits in the backlog, then listens no more.
  void drain_and_close();
  void close();
  /// The same socket for another process, which will have the path too.
  PassedSocket duplicate(const std::string& input_id) const;
  /// Begins to accept no more, or goes on; what connects waits in the backlog.
  void pause(bool on);
  /// Closes it here: another process has it.
  void give_away();

 private:
  void open_tcp(bool beside);
  void open_unix();
  void wait();
  bool accept_all();
  void hand_over(int fd, const SocketAddress& from);
  /// A connection that nobody has yet.
  struct Accepted {
    Fd fd;
    PeerName peer;
    std::shared_ptr<StreamGroup> group;
    std::shared_ptr<const void> owner;
  };
  struct Unnamed {
    Accepted accepted;
    SocketAddress from;
    Worker::Clock::time_point until;
  };
  void hand_over(Accepted accepted);
  void wait_for_names();
  void hand_over_named(Worker::Clock::time_point now);

  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer retire_;
  boost::asio::steady_timer naming_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  std::shared_ptr<StreamGroup> group_;
  Log& log_;
  HostNames names_{std::chrono::milliseconds(0)};
  std::vector<Unnamed> unnamed_;  // their names are being looked up
  LogLimiter limiter_{std::chrono::seconds(60)};
  std::uint16_t port_ = 0;
  std::string where_;
  std::string unix_path_;
  bool paused_ = false;
  bool borrowed_ = false;  // its socket, from a process that still may go on with it
  bool managed_ = false;   // its socket by a service manager, which calls it this:
  std::string managed_name_;
};

}  // namespace logboom::net
