#include "base/tls_socket.hpp"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>

namespace logboom {

namespace {

TlsSocket& socket_of(BIO* bio) { return *static_cast<TlsSocket*>(::BIO_get_data(bio)); }

bool is_full(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS; }

}  // namespace

BIO* TlsSocket::make_bio() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket of logboom");
    if (made == nullptr) throw std::bad_alloc();
    ::BIO_meth_set_read(made, read);
    ::BIO_meth_set_write(made, write);
    ::BIO_meth_set_ctrl(made, control);
    return made;
  }();
  BIO* const bio = ::BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  ::BIO_set_data(bio, this);
  ::BIO_set_init(bio, 1);
  return bio;
}

std::ptrdiff_t TlsSocket::send(const char* data, std::size_t size) {
  ssize_t done = 0;
  while ((done = ::send(fd_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && errno == EINTR) {
  }
  if (done < 0 && is_full(errno)) errno = EAGAIN;
  return done;
}

bool TlsSocket::flush() {
  while (sent_ < gathered_.size()) {
    const std::ptrdiff_t done = send(gathered_.data() + sent_, gathered_.size() - sent_);
    if (done < 0) return false;
    sent_ += static_cast<std::size_t>(done);
  }
  gathered_.clear();
  sent_ = 0;
  return true;
}

int TlsSocket::read(BIO* bio, char* data, int size) {
  TlsSocket& self = socket_of(bio);
  ::BIO_clear_retry_flags(bio);
  ssize_t got = -1;
  errno = EAGAIN;
  while (!self.drained_ && (got = ::recv(self.fd_, data, static_cast<std::size_t>(size), 0)) < 0 && errno == EINTR) {
  }
  if (got < 0 && is_full(errno)) ::BIO_set_retry_read(bio);
  if (got == 0) self.ended_ = true;
  self.drained_ = got < size;
  return static_cast<int>(got);
}

int TlsSocket::write(BIO* bio, const char* data, int size) {
  TlsSocket& self = socket_of(bio);
  ::BIO_clear_retry_flags(bio);
  const auto bytes = static_cast<std::size_t>(size);
  const bool fits = self.gathered_.size() + bytes <= self.gather_ || self.flush();
  if (fits && self.gather_ != 0) {
    self.gathered_.append(data, bytes);
    return size;
  }
  const std::ptrdiff_t done = fits ? self.send(data, bytes) : -1;
  if (done < 0 && errno == EAGAIN) ::BIO_set_retry_write(bio);
  return static_cast<int>(done);
}

long TlsSocket::control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  TlsSocket& self = socket_of(bio);
  switch (command) {
    case BIO_CTRL_EOF: return self.ended_ ? 1 : 0;
    case BIO_CTRL_FLUSH: break;
    default: return 0;
  }
  ::BIO_clear_retry_flags(bio);
  if (self.flush()) return 1;
  if (errno == EAGAIN) ::BIO_set_retry_write(bio);
  return -1;
}

}  // namespace logboom
