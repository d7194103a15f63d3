#include "base/tls_socket.hpp"

#include <openssl/bio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
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

void TlsSocket::read_ahead(std::size_t bytes) noexcept {
  if (next_ != end_) return;
  ahead_.reset();
  ahead_size_ = bytes;
}

/// Into `data`, and what is more into `ahead_`, which is empty.
std::ptrdiff_t TlsSocket::receive(char* data, std::size_t size) {
  if (!ahead_) ahead_ = std::make_unique_for_overwrite<char[]>(ahead_size_);
  iovec parts[] = {{data, size}, {ahead_.get(), ahead_size_}};
  ssize_t got = 0;
  while ((got = ::readv(fd_, parts, 2)) < 0 && errno == EINTR) {
  }
  if (got < 0 && is_full(errno)) errno = EAGAIN;
  const auto bytes = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  drained_ = bytes < size + ahead_size_;
  ended_ = got == 0;
  next_ = 0;
  end_ = bytes - std::min(bytes, size);
  return static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes, size)) - (got < 0 ? 1 : 0);
}

int TlsSocket::read(BIO* bio, char* data, int size) {
  TlsSocket& self = socket_of(bio);
  ::BIO_clear_retry_flags(bio);
  const auto wanted = static_cast<std::size_t>(size);
  if (const std::size_t here = std::min(wanted, self.end_ - self.next_); here != 0) {
    std::memcpy(data, self.ahead_.get() + self.next_, here);
    self.next_ += here;
    return static_cast<int>(here);
  }
  if (self.ended_) return 0;
  errno = EAGAIN;
  const std::ptrdiff_t got = self.drained_ ? -1 : self.receive(data, wanted);
  if (got < 0 && errno == EAGAIN) ::BIO_set_retry_read(bio);
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
  // A handshake that can't send any more goes on to read: why the peer has gone stands in what it said last.
  if (self.flush() || errno != EAGAIN) return 1;
  ::BIO_set_retry_write(bio);
  return -1;
}

}  // namespace logboom
