#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "server.hpp"

namespace logboom::out_forward {

/// Reads the acks of all connections, on a thread of its own, settles the chunks that they are about, and closes
/// connections that nobody wants any more.
///
/// Threads: `watch` on any; the rest on one.
class AckReader {
 public:
  /// What a server's connection had to say. On the reader's thread.
  using OnNews = std::function<void(Server& server, const Connection::News& news)>;

  /// Throws std::system_error.
  explicit AckReader(OnNews on_news);
  ~AckReader() { stop(); }

  void start();
  void stop();
  /// Call it after messages were sent on a connection, once for each.
  void watch(const std::shared_ptr<Connection>& connection, const std::shared_ptr<Server>& server);
  /// Connections that are given up are to be closed.
  void wake() noexcept;

 private:
  struct Watched {
    std::shared_ptr<Connection> connection;
    std::shared_ptr<Server> server;
  };
  void run();
  std::vector<Watched> watched();
  /// How long there is nothing to be done for the connection, unless its descriptor says so.
  std::chrono::milliseconds read(const Watched& watched);
  void drop_closed();

  OnNews on_news_;
  int wake_fd_;
  std::mutex mutex_;
  std::vector<Watched> watched_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace logboom::out_forward
