#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <logboom/bytes.hpp>
#include <logboom/compress.hpp>
#include <logboom/event.hpp>
#include <logboom/limits.hpp>
#include <logboom/log.hpp>
#include <logboom/metrics.hpp>

namespace logboom {
class TlsServer;
}

/// What inputs find instead of sockets. A session is sans-io: bytes come in by calls, what it wants done goes out by
/// calls on its connection; tests drive it without a socket (logboom/testing.hpp).
namespace logboom::net {

/// How a connection ends when we end it.
enum class Close : std::uint8_t {
  finish,  // what was sent is delivered first, then FIN
  reset,   // RST: a client that is writing notices, and sends again
};

/// Why a connection ended.
enum class End : std::uint8_t {
  peer_closed,
  peer_reset,
  refused,  // the peer had closed, and nothing reached it of what was sent after Connection::peer_finished() was true
  closed_by_us,
  shutdown,
};

/// A plugin's way into the pipeline on one worker: what connections, sockets of datagrams and tasks have in common.
/// Lives as long as the plugin's side of it (Handler); everything happens on the worker's thread.
class Source {
 public:
  virtual ~Source() = default;

  /// The worker's one tag object of this text. Keep it while the next event's tag is the same.
  virtual Tag tag(std::string_view text) = 0;
  virtual SlabPool& slabs() = 0;

  /// Sends a batch on its way. Never fails: where a buffer has no room the batch is parked, and this source is held –
  /// nothing more is read for it, and its timer waits – until there is room again.
  virtual void emit(Delivery delivery) = 0;
  /// True while something that was emitted is parked.
  virtual bool held() const = 0;
  /// A promise whose outcome reaches `Handler::on_receipt(token, …)`, on this thread, never from within another call of
  /// the handler. Nothing happens when the source is gone by then.
  virtual Receipt receipt(std::uint64_t token) = 0;
  /// Calls `Handler::on_timer` once, after this time. A second call before that replaces the first.
  virtual void set_timer(std::chrono::microseconds after) = 0;
};

/// One connection, as its session sees it.
class Connection : public Source {
 public:
  /// "192.0.2.7:50123", "[::1]:50123", or "unix:PATH" for a unix socket.
  virtual const std::string& peer() const = 0;
  /// The peer's address without the port; empty for a unix socket.
  virtual const std::string& peer_address() const = 0;
  /// The peer's name if the listener resolves names, else its address.
  virtual const std::string& peer_host() const = 0;

  /// Sends bytes after those sent before. A peer that does not read what it is sent is itself read no further.
  virtual void send(std::string_view bytes) = 0;
  /// True when the peer sends no more: it has closed, or it only waits for answers. Which of them, the end tells.
  virtual bool peer_finished() { return false; }
  /// From now on never let readiness gather for this connection: its client waits for answers.
  virtual void prompt() = 0;
  /// True: from now on the peer has yet to show who it is. Such connections are bounded in number, and when there are
  /// too many the oldest is reset. False: it has.
  virtual void half_open(bool on) { static_cast<void>(on); }
  /// How many bytes the session keeps of a message that is not whole yet, beside those that it leaves unconsumed, and
  /// of answers that it owes. The connection is reset where that is too much, with what it was sent and has not taken.
  virtual void holds(std::size_t bytes) { static_cast<void>(bytes); }
  /// Ends the connection once the current call of the session has returned.
  virtual void close(Close how) = 0;
};

/// The plugin's side of a source. Its calls never overlap; it is destroyed, on the same thread, when the source has
/// ended.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void on_receipt(std::uint64_t token, bool confirmed) {
    static_cast<void>(token);
    static_cast<void>(confirmed);
  }
  virtual void on_timer() {}
  /// True while a receipt is outstanding, or something else that shutdown has to wait for.
  virtual bool waiting() const { return false; }
};

/// The protocol's side of one connection. Destroyed when the connection has ended.
class Session : public Handler {
 public:
  /// The first call: the time to greet a peer that waits for it.
  virtual void on_open() {}
  /// All bytes that were received and not consumed yet, contiguous in `slab`, and writable until they are emitted.
  /// Returns how many were consumed; the rest comes again, perhaps at another address, with more behind it.
  virtual std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) = 0;
  /// The connection is over; `unconsumed` bytes were never understood. Nothing may be sent any more.
  virtual void on_end(End end, std::size_t unconsumed) {
    static_cast<void>(end);
    static_cast<void>(unconsumed);
  }
  /// True while answers are owed, or expected by this peer: such a connection is closed with FIN behind its answers;
  /// the others are reset at shutdown, so that their clients notice.
  virtual bool answers() const { return false; }

  /// Another process is about to take the connection over. True where the session is between two messages, or has
  /// consumed nothing of the one that has begun; it gets no more bytes then. False: it gets more until it is; it goes
  /// on to the end of the message that it is in, leaves what follows unconsumed, and is asked again.
  virtual bool pause() { return true; }
  /// After `pause`: nobody takes the connection over. What was left unconsumed comes again.
  virtual void go_on() {}
  /// After `pause`, when nothing is `waiting`: what a new session needs, beside the bytes that were not consumed, to go
  /// on with this connection (logboom/session_state.hpp); it gets it by `take_over`. This session is then destroyed
  /// without `on_end`. Nothing: it can't be handed over, and ends as at a shutdown.
  virtual std::optional<std::string> hand_over() { return std::nullopt; }
  /// The first call, where the connection comes from another process: what the session there has written down.
  virtual void take_over(std::string_view state) { static_cast<void>(state); }
};

/// One datagram; valid during the call that brings it.
class Datagram {
 public:
  virtual ~Datagram() = default;
  const std::uint8_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }
  /// It was longer than DatagramListen::max_size; the rest is lost.
  bool truncated() const noexcept { return truncated_; }

  /// As those of a connection.
  virtual const std::string& peer() const = 0;
  virtual const std::string& peer_address() const = 0;
  virtual const std::string& peer_host() const = 0;
  /// Sends one datagram back, if that is possible at once.
  virtual void reply(std::string_view bytes) const = 0;

 protected:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool truncated_ = false;
};

/// The plugin's side of a socket of datagrams.
class DatagramSession : public Handler {
 public:
  /// One of those that have come; when all that were read together were handed over, `on_pause` follows.
  virtual void on_datagram(const Datagram& datagram) = 0;
  /// The time to send on what was collected.
  virtual void on_pause() {}
};

/// Work of a plugin on a worker without a socket: something that happens at intervals. Sets its first timer when it is
/// made.
class Task : public Handler {
 public:
  /// The program stops: emit what is left and begin no more. The task ends as soon as `waiting` is false; until then
  /// timers go on.
  virtual void on_stop() {}
};

struct StreamListen {
  std::string bind = "0.0.0.0";
  std::uint16_t port = 0;
  std::string unix_path;              // instead of bind and port, if not empty
  std::optional<unsigned> unix_mode;  // permission bits of the socket's file
  int backlog = 0;                    // 0: the system's largest
  bool reset_on_close = true;         // the protocol's own linger: RST instead of FIN where no answers are owed
  bool keepalive = false;             // SO_KEEPALIVE
  bool resolve_hostname = false;      // a connection waits for its peer's name, but for no longer than a second
  LimitOptions limits;
  /// Who may connect over the network: asked on the main thread as soon as somebody has, before anything is read or
  /// sent. Where it says no, the connection is reset. Not set: everybody. `host` as Connection::peer_host.
  std::function<bool(const std::string& address, const std::string& host)> accepts;
  std::shared_ptr<TlsServer> tls;  // speaks TLS (logboom/transport.hpp); null: plaintext
};

struct DatagramListen {
  std::string bind = "0.0.0.0";
  std::uint16_t port = 0;
  std::string unix_path;              // instead of bind and port, if not empty
  std::optional<unsigned> unix_mode;  // permission bits of the socket's file
  std::size_t max_size = 65535;       // what is taken of a datagram
  std::size_t receive_buffer = 0;     // SO_RCVBUF, in bytes; 0: the system's
  bool resolve_hostname = false;      // looked up beside, and remembered; until it is known the address stands
};

/// What the program offers to one input. Lives as long as the program runs.
class Host {
 public:
  virtual ~Host() = default;

  using SessionFactory = std::function<std::unique_ptr<Session>(Connection&)>;
  /// Listens, and makes a session for each connection, on the connection's worker. Logs where it listens. Throws
  /// std::system_error with what was tried if it can't.
  virtual void listen(const StreamListen& where, SessionFactory sessions) = 0;
  using DatagramFactory = std::function<std::unique_ptr<DatagramSession>(Source&)>;
  /// Receives datagrams on one worker, many with one system call. While the source is held nothing is read: what then
  /// finds no room in the kernel is lost, and counted (`logboom_input_kernel_dropped_datagrams_total`). At shutdown
  /// what has arrived is read, then the socket is closed. Throws as `listen`.
  virtual void listen_datagram(const DatagramListen& where, DatagramFactory sessions) = 0;

  using TaskFactory = std::function<std::unique_ptr<Task>(Source&)>;
  /// Makes a task on one of the workers, where it stays until the shutdown.
  virtual void run(TaskFactory make) = 0;

  /// Takes over a descriptor that can be read as a stream (a pipe or a socket, such as one end of a socket pair to a
  /// child process) and makes a session for it on a worker. `name` is what its connection calls its peer. At shutdown
  /// what can be read at once is read, then it is closed.
  /// Threads: the returned function may be called on any, as long as the program runs.
  using Adopter = std::function<void(int fd, std::string name)>;
  virtual Adopter adopter(SessionFactory sessions) = 0;

  /// The port that the last `listen` got, where 0 was asked for.
  virtual std::uint16_t last_port() const = 0;
  /// Counts events of this input that go no further, by reason. Same reason, same counter.
  virtual Counter& dropped(std::string_view reason) = 0;
  /// Counts messages and connections in trouble, by reason.
  virtual Counter& errors(std::string_view reason) = 0;
  /// What all inputs together may hold of decompressed data.
  virtual DecompressBudget& decompress_budget() = 0;
  virtual Log& log() = 0;
};

}  // namespace logboom::net
