#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <logboom/testing.hpp>

#include "net/server.hpp"
#include "net/worker.hpp"
#include "record/emitter.hpp"

/// A server with real sockets, scripted sessions, an emitter that can be full, and plain blocking clients.
namespace logboom::net_test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Waits for something that other threads bring about.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = 20s);

/// Bytes in which every place can be told from its neighbours.
char pattern_byte(std::size_t position);
std::string pattern(std::size_t size, std::size_t from = 0);

/// Confirms what it takes at once, or keeps it, or parks it while it is full. One for each worker.
class ToyEmitter final : public Emitter {
 public:
  explicit ToyEmitter(net::Worker& worker) : worker_(worker) {}
  Tag tag(std::string_view text) override { return Tag::make(text); }
  void emit(Delivery delivery, Flow& flow) override;
  void forget(Flow& flow) override;

  void set_full(bool full) { full_ = full; }
  void set_keeping(bool keeping) { keeping_ = keeping; }
  /// What was kept, in order. Any thread.
  std::deque<Delivery> take_kept();
  std::size_t kept() const;
  /// Room again: everything that is parked goes on, on the worker's thread.
  void go_on();
  std::size_t parked() const { return parked_count_; }

 private:
  void accept(Delivery delivery);

  net::Worker& worker_;
  std::atomic<bool> full_{false};
  std::atomic<bool> keeping_{false};
  mutable std::mutex mutex_;
  std::deque<Delivery> kept_;
  std::atomic<std::size_t> parked_count_{0};
  std::deque<std::pair<Delivery, Flow*>> parked_;
};

/// What a test wants its sessions to do; called on the workers.
struct Script {
  std::function<void(net::Connection&)> on_open;
  std::function<std::size_t(net::Connection&, const SlabPtr&, std::uint8_t*, std::size_t)> on_bytes;
  std::function<void(net::Connection&, std::uint64_t, bool)> on_receipt;
  std::function<void(net::Connection&)> on_timer;
  std::function<bool()> answers = [] { return false; };
  std::function<bool()> waiting = [] { return false; };
  std::function<bool()> pause = [] { return true; };
  std::function<void()> go_on = [] {};
};

/// What happened to one connection. Threads: any.
class Story {
 public:
  void bytes(std::size_t count) { bytes_ += count; }
  std::size_t bytes() const { return bytes_; }
  void ended(net::End how, std::size_t unconsumed) {
    unconsumed_ = unconsumed;
    end_ = static_cast<int>(how);
  }
  bool is_over() const { return end_ >= 0; }
  net::End end() const { return static_cast<net::End>(end_.load()); }
  std::size_t unconsumed() const { return unconsumed_; }
  void note(std::string what);
  std::vector<std::string> notes() const;

  std::atomic<unsigned> worker{0};
  std::string peer, peer_address, peer_host;  // set before `opened`

 private:
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> unconsumed_{0};
  std::atomic<int> end_{-1};
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;
};

/// A server that listens before it runs. Ends itself.
class TestServer {
 public:
  explicit TestServer(unsigned workers = 1);
  ~TestServer();

  /// Sessions that follow `script`; returns the port.
  std::uint16_t listen(const Script& script, net::StreamListen where = {});
  /// Runs the workers and the main thread's loop.
  void run();
  /// Does something on the main thread, and waits.
  void on_main(const std::function<void()>& task);
  /// Does something on a worker's thread, and waits.
  void on_worker(const std::function<void()>& task, std::size_t index = 0);
  /// Ends the connections; `shut_down_done` is set when the last one is gone.
  void shut_down(std::chrono::milliseconds patience);
  std::atomic<bool> shut_down_done{false};

  net::Server& server() { return server_; }
  net::InputHost& host() { return *host_; }
  net::Worker& worker(std::size_t index = 0) { return *server_.workers()[index]; }
  ToyEmitter& emitter(std::size_t index = 0) { return *emitters_[index]; }
  testing::RecordingLog& log() { return log_; }
  std::size_t stories() const;
  /// The n-th connection that was opened; waits for it.
  Story& story(std::size_t index = 0);
  std::size_t over() const;
  std::int64_t metric(std::string_view name) const;
  std::size_t slabs();
  /// What the worker's thread has used of its processor.
  std::chrono::microseconds worker_time(std::size_t index = 0);

 private:
  testing::RecordingLog log_;
  testing::RecordingMetrics metrics_;
  mutable std::mutex mutex_;
  std::deque<Story> stories_;
  std::atomic<std::size_t> opened_{0};
  net::Server server_;
  std::vector<std::shared_ptr<ToyEmitter>> emitters_;
  std::unique_ptr<net::InputHost> host_;
  std::thread main_;
};

/// How a read of a client ended.
enum class Ending { more, eof, reset, timeout };

class Client {
 public:
  /// `receive_buffer`: a small one makes a peer that soon can't send any more.
  static Client tcp(std::uint16_t port, int receive_buffer = 0);
  static Client tcp6(std::uint16_t port);
  static Client unix_socket(const std::string& path);
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), error_(other.error_) {}
  Client& operator=(Client&&) = delete;
  ~Client() { close(); }

  bool connected() const { return error_ == 0; }
  int error() const { return error_; }
  int fd() const { return fd_; }
  /// False where it could not all be sent.
  bool send(std::string_view bytes);
  /// Sends until the peer takes no more for a while, or `most` is sent; returns how much.
  std::size_t send_until_blocked(std::size_t most);
  /// Reads this many bytes, or until the end.
  std::string receive(std::size_t size);
  /// Reads all that comes until the connection ends.
  Ending read_to_end(std::string* all = nullptr);
  void half_close();
  void close();
  void reset();

 private:
  Client(int fd, int error) : fd_(fd), error_(error) {}
  Ending read_some(std::string& out, std::size_t most);
  int fd_;
  int error_;
};

/// A delivery of these bytes as one event; what they are does not matter to the net.
Delivery delivery_of(net::Source& source, const SlabPtr& slab, const std::uint8_t* data, std::size_t size);

}  // namespace logboom::net_test
