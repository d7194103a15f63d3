#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/tls_socket.hpp"

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace logboom {

struct FreeSsl {
  void operator()(SSL* ssl) const noexcept;
};

/// TLS on a socket that does not block: what `recv` and `send` are for plaintext. Does not own the socket. Reads ahead:
/// there may be more to read when the socket is not readable. Threads: one.
class TlsStream {
 public:
  enum class Side : std::uint8_t { server, client };
  /// Before its handshake.
  TlsStream(std::shared_ptr<SSL_CTX> context, int fd, Side side);

  enum class Step : std::uint8_t { done, wants_read, wants_write, failed };
  Step shake_hands();
  /// Bytes; 0 at the peer's end; -1 with errno EAGAIN, or with EPROTO where the stream is broken.
  std::ptrdiff_t read(std::uint8_t* data, std::size_t size);
  /// As `read`; 0 does not occur. A client's bytes may wait for more: see `flush`.
  std::ptrdiff_t write(const char* data, std::size_t size);
  /// Sends what a client has written. False with errno EAGAIN, or with EPROTO where the stream is broken.
  bool flush();
  /// 1 where there are bytes to read, which stay; else as `read`.
  std::ptrdiff_t peek();
  /// Asks the peer for a sign that it is content with the handshake. A server of TLS 1.3 may give one by itself (a
  /// ticket), or none; one of ours does when it is asked.
  void ask_for_sign() noexcept;
  /// Says that nothing more will be sent.
  void say_goodbye() noexcept;

  /// The last read got all that it had room for.
  bool has_more() const noexcept { return more_; }
  /// TLS 1.3 was agreed on.
  bool is_1_3() const noexcept;
  /// A read could not go on before the socket takes something.
  bool wants_write() const noexcept { return wants_write_; }
  /// The handshake is done.
  bool is_established() const noexcept;
  /// The session of an earlier connection goes on.
  bool resumed() const noexcept;
  /// OpenSSL's code of what has broken the stream; 0 where the socket did.
  unsigned long error() const noexcept { return error_; }
  SSL* ssl() const noexcept { return ssl_.get(); }

 private:
  std::ptrdiff_t no_bytes(int result);
  void give_ticket() noexcept;
  void answer_question() noexcept;

  std::shared_ptr<SSL_CTX> context_;
  TlsSocket socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  // A client that only writes never reads a ticket either. As it closes, its kernel would then reset the connection,
  // and what it wrote last would be lost: TLS 1.3 tickets go with the first answer, to clients that do read.
  bool owes_ticket_;
  bool more_ = false;
  bool wants_write_ = false;
  bool ended_ = false;
  bool broken_ = false;
  unsigned long error_ = 0;
};

}  // namespace logboom
