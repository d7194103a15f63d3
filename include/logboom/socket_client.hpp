#pragma once

#include <sys/uio.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <logboom/tls_client.hpp>

namespace logboom {

class TlsStream;
struct TlsMemory;

/// A blocking client of one address, for outputs' flush threads: connects, sends and receives within time limits, over
/// TLS where it is given one (`logboom/tls_client.hpp`), and can be interrupted.
///
/// Threads: one at a time, but for `interrupt`.
class SocketClient {
 public:
  struct Address {
    enum class Kind : std::uint8_t { tcp, udp, unix_stream, unix_datagram } kind = Kind::tcp;
    std::string host;  // or the path
    std::uint16_t port = 0;

    bool is_datagram() const noexcept { return kind == Kind::udp || kind == Kind::unix_datagram; }
    /// "tcp://192.0.2.7:514"
    std::string to_string() const;
  };
  struct Limits {
    std::chrono::milliseconds connect{5000};    // for each of a name's addresses, the TLS handshake included
    std::chrono::milliseconds transfer{30000};  // without any progress
  };

  /// `tls` is for tcp and unix_stream; null: plaintext.
  SocketClient(Address address, Limits limits, std::shared_ptr<TlsClient> tls = nullptr);
  ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  /// Each returns an empty text, or why it failed; the connection is closed then.
  /// Names are looked up anew for each connection, and each of their addresses is tried.
  std::string connect();
  /// All of it. A datagram is sent whole.
  std::string send(std::string_view bytes);
  /// All of the pieces, one after the other, with few system calls; one datagram where it is such a socket.
  std::string send(std::span<const iovec> pieces);
  /// Appends what comes next, at least one byte.
  std::string receive(std::string& into) { return receive(into, limits_.transfer); }
  std::string receive(std::string& into, std::chrono::milliseconds limit);

  /// Appends what has come, perhaps nothing, and does not wait; of a peer that never stops some `most_at_once` bytes,
  /// and the rest with the next call. Fails where nothing more will come; what came before is appended.
  std::string receive_available(std::string& into);
  static constexpr std::size_t most_at_once = 65536;
  /// TLS may have more to read than the socket shows: ask before polling that.
  bool has_more() const noexcept;

  bool connected() const noexcept { return fd_ >= 0; }
  /// Of the socket, for options and polling (see `has_more`); -1 where there is none.
  int descriptor() const noexcept { return fd_; }
  /// False where the peer has closed a stream, or TLS has ended: what would be sent now would be lost. Bytes that have
  /// come stay.
  bool peer_is_there();
  void close() noexcept;
  enum class End : std::uint8_t { in_order, reset, none };
  /// Says that nothing more will be sent on a stream, and waits for the peer's end, for no longer than `limit`. Appends
  /// what the peer says meanwhile, some `most_at_once` bytes of it; `why` has the reason for a reset. Closed then.
  End await_end(std::string& said, std::chrono::milliseconds limit, std::string& why);
  /// Closes a stream so that what was sent arrives, also where the peer has said something that nobody has read: a
  /// plain `close` would then reset the connection. Waits for up to a second for such a peer, and for one of TLS, which
  /// is told of the end; for no other.
  void finish();
  /// What blocks, or would, fails soon from now on. Threads: any.
  void interrupt() noexcept { interrupted_.store(true, std::memory_order_relaxed); }
  bool is_interrupted() const noexcept { return interrupted_.load(std::memory_order_relaxed); }
  const Limits& limits() const noexcept { return limits_; }
  const Address& address() const noexcept { return address_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string name() const;
  std::string fail(std::string_view what, int error);
  std::string fail_tls();
  std::string wait(short events, std::chrono::milliseconds limit, std::string_view overdue = "nothing happens");
  std::string shake_hands(Clock::time_point deadline);
  std::string await_verdict(Clock::time_point deadline);
  std::string send_plain(std::span<const iovec> pieces);
  std::string send_tls(std::span<const iovec> pieces);
  std::string write_tls(std::string_view bytes);
  std::ptrdiff_t read_some(std::string& into);
  std::string end_of_reading(std::ptrdiff_t got);
  std::string connect_to(int family, const void* address, unsigned size);
  std::string connect_to_number(const std::string& number);
  std::string connect_unix();

  Address address_;
  Limits limits_;
  std::shared_ptr<TlsClient> tls_;
  std::shared_ptr<TlsMemory> memory_;  // outlives stream_
  std::shared_ptr<TlsStream> stream_;  // of TLS, while connected
  int fd_ = -1;
  std::atomic<bool> interrupted_{false};
};

}  // namespace logboom
