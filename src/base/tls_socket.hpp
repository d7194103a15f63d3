#pragma once

#include <cstddef>
#include <memory>
#include <string>

using BIO = struct bio_st;

namespace logboom {

/// What a TlsStream reads and writes: a socket that does not block, which it does not own. Reads ahead. With `gather`,
/// records go out together, that many bytes at a time, and `flush` sends what is left; without, each goes out at once.
/// Handshakes and alerts never wait.
/// Threads: one.
class TlsSocket {
 public:
  TlsSocket(int fd, std::size_t gather) noexcept : fd_(fd), gather_(gather) {}
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  /// For SSL_set_bio, which takes it over. It must not outlive this.
  BIO* make_bio();

  /// Until the next `look`, a socket that gave less than it was asked for is taken to be empty: poll and a
  /// level-triggered epoll tell when it is not.
  void look() noexcept { drained_ = false; }
  /// How much is read ahead at a time from now on. The memory goes where nothing is left in it.
  void read_ahead(std::size_t bytes) noexcept;
  /// All is with the system. False with errno EAGAIN where it takes no more, with another where sending failed.
  bool flush();

 private:
  std::ptrdiff_t receive(char* data, std::size_t size);
  std::ptrdiff_t send(const char* data, std::size_t size);
  static int read(BIO* bio, char* data, int size);
  static int write(BIO* bio, const char* data, int size);
  static long control(BIO* bio, int command, long number, void* pointer);

  int fd_;
  std::size_t gather_;
  std::string gathered_;
  std::size_t sent_ = 0;
  // OpenSSL's own way to read ahead moves all that it has read before each record, to align that. The record of which
  // nothing is here yet comes straight into OpenSSL's memory, and what is behind it into this.
  std::unique_ptr<char[]> ahead_;
  std::size_t ahead_size_ = 16 * 1024;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  bool drained_ = false;
  bool ended_ = false;
};

}  // namespace logboom
