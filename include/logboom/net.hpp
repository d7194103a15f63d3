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
#include <logboom/log.hpp>
#include <logboom/metrics.hpp>

/// What inputs find instead of sockets. A session is sans-io: bytes come in by calls, what it wants done goes out by
/// calls on its connection; tests drive it without a socket (logboom/testing.hpp).
namespace logboom::net {

/// How a connection ends when we end it.
enum class Close : std::uint8_t {
  finish,  // what was sent is delivered first, then FIN
  reset,   // RST: a client that is writing notices, and sends again
};

/// Why a connection ended.
enum class End : std::uint8_t { peer_closed, peer_reset, closed_by_us, shutdown };

/// One connection, as its session sees it. Lives as long as the session; everything happens on the worker's thread.
class Connection {
 public:
  virtual ~Connection() = default;

  /// "192.0.2.7:50123", "[::1]:50123", or "unix:PATH" for a unix socket.
  virtual const std::string& peer() const = 0;
  /// The peer's address without the port; empty for a unix socket.
  virtual const std::string& peer_address() const = 0;
  /// The peer's name if the listener resolves names, else its address.
  virtual const std::string& peer_host() const = 0;

  /// The worker's one tag object of this text. Keep it while the next event's tag is the same.
  virtual Tag tag(std::string_view text) = 0;
  virtual SlabPool& slabs() = 0;

  /// Sends a batch on its way. Never fails: where a buffer has no room the batch is parked and this connection is read
  /// no further until there is room again.
  virtual void emit(Delivery delivery) = 0;
  /// A promise whose outcome reaches `Session::on_receipt(token, …)`, on this thread, never from within another call of
  /// the session. Nothing happens when the connection is gone by then.
  virtual Receipt receipt(std::uint64_t token) = 0;

  /// Sends bytes after those sent before. A peer that does not read what it is sent is itself read no further.
  virtual void send(std::string_view bytes) = 0;
  /// Calls `Session::on_timer` once, after this time. A second call before that replaces the first.
  virtual void set_timer(std::chrono::microseconds after) = 0;
  /// From now on never let readiness gather for this connection: its client waits for answers.
  virtual void prompt() = 0;
  /// Ends the connection once the current call of the session has returned.
  virtual void close(Close how) = 0;
};

/// The protocol's side of one connection. Destroyed when the connection has ended.
class Session {
 public:
  virtual ~Session() = default;

  /// All bytes that were received and not consumed yet, contiguous in `slab`, and writable until they are emitted.
  /// Returns how many were consumed; the rest comes again, perhaps at another address, with more behind it.
  virtual std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) = 0;
  virtual void on_receipt(std::uint64_t token, bool confirmed) {
    static_cast<void>(token);
    static_cast<void>(confirmed);
  }
  virtual void on_timer() {}
  /// The connection is over; `unconsumed` bytes were never understood. Nothing may be sent any more.
  virtual void on_end(End end, std::size_t unconsumed) {
    static_cast<void>(end);
    static_cast<void>(unconsumed);
  }
  /// True while answers are owed, or expected by this peer: such a connection is closed with FIN behind its answers;
  /// the others are reset at shutdown, so that their clients notice.
  virtual bool answers() const { return false; }
  /// True while a receipt is outstanding; shutdown waits for it.
  virtual bool waiting() const { return false; }
};

struct StreamListen {
  std::string bind = "0.0.0.0";
  std::uint16_t port = 0;
  std::string unix_path;              // instead of bind and port, if not empty
  std::optional<unsigned> unix_mode;  // permission bits of the socket's file
  int backlog = 0;                    // 0: the system's largest
  bool reset_on_close = true;         // the protocol's own linger: RST instead of FIN where no answers are owed
  bool keepalive = false;             // SO_KEEPALIVE
  bool resolve_hostname = false;
};

struct Datagram {
  const std::uint8_t* data;
  std::size_t size;
  const std::string& peer;
  /// Sends one datagram back.
  std::function<void(std::string_view)> reply;
};

/// What the program offers to one input. Lives as long as the program runs.
class Host {
 public:
  virtual ~Host() = default;

  using SessionFactory = std::function<std::unique_ptr<Session>(Connection&)>;
  /// Listens, and makes a session for each connection, on the connection's worker. Logs where it listens. Throws
  /// std::system_error with what was tried if it can't.
  virtual void listen(const StreamListen& where, SessionFactory sessions) = 0;
  /// Receives datagrams on the main thread.
  virtual void listen_datagram(const std::string& bind, std::uint16_t port,
                               std::function<void(const Datagram&)> each) = 0;

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
