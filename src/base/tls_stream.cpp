#include "base/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <utility>

namespace logboom {

namespace {

/// Many records: fewer calls of the kernel, and fewer times that the peer wakes, for a megabyte that is sent.
constexpr std::size_t gather = 512 * 1024;
/// Eight for reading, where a peer sends that much; others get memory for one record, while there is one to read.
constexpr std::size_t large_read = 128 * 1024;
constexpr std::size_t small_read = 16 * 1024;
constexpr std::size_t much = 32 * 1024;

}  // namespace

void FreeSsl::operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }

TlsStream::TlsStream(std::shared_ptr<SSL_CTX> context, int fd, Side side)
    : context_(std::move(context)),
      socket_(fd, side == Side::client ? gather : 0),
      ssl_(::SSL_new(context_.get())),
      owes_ticket_(side == Side::server) {
  if (!ssl_) throw std::bad_alloc();
  BIO* const bio = socket_.make_bio();
  ::SSL_set_bio(ssl_.get(), bio, bio);
  if (side == Side::client) ::SSL_clear_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
  side == Side::server ? ::SSL_set_accept_state(ssl_.get()) : ::SSL_set_connect_state(ssl_.get());
}

TlsStream::Step TlsStream::shake_hands() {
  socket_.look();
  ::ERR_clear_error();
  const int result = ::SSL_do_handshake(ssl_.get());
  socket_.read_ahead(small_read);  // thousands may be half-open
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
  socket_.look();
  ::ERR_clear_error();
  while (got < size && !ended_ && !broken_) {
    std::size_t bytes = 0;
    const int result = ::SSL_read_ex(ssl_.get(), data + got, size - got, &bytes);
    if (result != 1) {
      const std::ptrdiff_t none = no_bytes(result);
      wants_write_ = SSL_want_write(ssl_.get());
      answer_question();
      if (got == 0) return none;
      break;
    }
    got += bytes;
  }
  socket_.read_ahead(got >= much ? large_read : small_read);
  // An end or an error that came behind bytes is told by the next read.
  more_ = got == size || ended_ || broken_;
  if (got != 0) return static_cast<std::ptrdiff_t>(got);
  errno = EPROTO;
  return broken_ ? -1 : 0;
}

std::ptrdiff_t TlsStream::no_bytes(int result) {
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_WRITE:
    case SSL_ERROR_WANT_READ: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: ended_ = true; return 0;
    case SSL_ERROR_SSL: error_ = ::ERR_peek_error(); break;
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
  give_ticket();
  std::size_t bytes = 0;
  ::ERR_clear_error();
  const int result = ::SSL_write_ex(ssl_.get(), data, size, &bytes);
  return result == 1 ? static_cast<std::ptrdiff_t>(bytes) : no_bytes(result);
}

bool TlsStream::flush() {
  if (!broken_ && socket_.flush()) return true;
  if (!broken_ && errno == EAGAIN) return false;
  broken_ = true;
  ::ERR_clear_error();
  errno = EPROTO;
  return false;
}

/// The ticket is sent with what is written next.
void TlsStream::give_ticket() noexcept {
  if (std::exchange(owes_ticket_, false) && is_1_3()) ::SSL_new_session_ticket(ssl_.get());
}

/// An update of keys that asks for one in return is a question: see `ask_for_sign`.
void TlsStream::answer_question() noexcept {
  if (!owes_ticket_ || ended_ || broken_ || ::SSL_get_key_update_type(ssl_.get()) == SSL_KEY_UPDATE_NONE) return;
  const int error = errno;
  give_ticket();
  ::ERR_clear_error();
  ::SSL_do_handshake(ssl_.get());
  errno = error;
}

void TlsStream::ask_for_sign() noexcept {
  ::ERR_clear_error();
  if (is_1_3() && ::SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1) ::SSL_do_handshake(ssl_.get());
}

std::ptrdiff_t TlsStream::peek() {
  char byte = 0;
  std::size_t bytes = 0;
  socket_.look();
  ::ERR_clear_error();
  const int result = ::SSL_peek_ex(ssl_.get(), &byte, 1, &bytes);
  const std::ptrdiff_t answer = result == 1 ? 1 : no_bytes(result);
  socket_.read_ahead(small_read);
  return answer;
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
