#include "base/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <utility>

namespace logboom {

void FreeSsl::operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }

TlsStream::TlsStream(std::shared_ptr<SSL_CTX> context, int fd, Side side)
    : context_(std::move(context)), ssl_(::SSL_new(context_.get())) {
  if (!ssl_ || ::SSL_set_fd(ssl_.get(), fd) != 1) throw std::bad_alloc();
  side == Side::server ? ::SSL_set_accept_state(ssl_.get()) : ::SSL_set_connect_state(ssl_.get());
}

TlsStream::Step TlsStream::shake_hands() {
  ::ERR_clear_error();
  const int result = ::SSL_do_handshake(ssl_.get());
  if (result == 1) {
    more_ = true;
    return Step::done;
  }
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Step::wants_read;
    case SSL_ERROR_WANT_WRITE: return Step::wants_write;
    default: return Step::failed;
  }
}

std::ptrdiff_t TlsStream::read(std::uint8_t* data, std::size_t size) {
  std::size_t got = 0;
  more_ = false;
  wants_write_ = false;
  while (got < size && !ended_ && !broken_) {
    std::size_t bytes = 0;
    ::ERR_clear_error();
    const int result = ::SSL_read_ex(ssl_.get(), data + got, size - got, &bytes);
    if (result != 1) {
      const std::ptrdiff_t none = no_bytes(result);
      if (got == 0) return none;
      break;
    }
    got += bytes;
  }
  // An end or an error that came behind bytes is told by the next read.
  more_ = got == size || ended_ || broken_;
  if (got != 0) return static_cast<std::ptrdiff_t>(got);
  errno = EPROTO;
  return broken_ ? -1 : 0;
}

std::ptrdiff_t TlsStream::no_bytes(int result) {
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_WRITE: wants_write_ = true; [[fallthrough]];
    case SSL_ERROR_WANT_READ: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: ended_ = true; return 0;
    default: break;
  }
  broken_ = true;
  errno = EPROTO;
  return -1;
}

std::ptrdiff_t TlsStream::write(const char* data, std::size_t size) {
  if (broken_) {
    errno = EPROTO;
    return -1;
  }
  std::size_t bytes = 0;
  ::ERR_clear_error();
  const int result = ::SSL_write_ex(ssl_.get(), data, size, &bytes);
  return result == 1 ? static_cast<std::ptrdiff_t>(bytes) : no_bytes(result);
}

std::ptrdiff_t TlsStream::peek() {
  char byte = 0;
  std::size_t bytes = 0;
  ::ERR_clear_error();
  const int result = ::SSL_peek_ex(ssl_.get(), &byte, 1, &bytes);
  return result == 1 ? 1 : no_bytes(result);
}

bool TlsStream::is_1_3() const noexcept { return ::SSL_version(ssl_.get()) == TLS1_3_VERSION; }

bool TlsStream::is_established() const noexcept { return ::SSL_is_init_finished(ssl_.get()) == 1; }

bool TlsStream::resumed() const noexcept { return ::SSL_session_reused(ssl_.get()) == 1; }

void TlsStream::say_goodbye() noexcept {
  if (broken_) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}

}  // namespace logboom
