// What a server costs that does nothing with the bytes: the floors that the bench compares with.

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "args.hpp"
#include "net.hpp"

namespace logboom::bench {
namespace {

constexpr const char* usage =
    "floor drop     --at HOST:PORT|unix:/PATH  read into one 256 KiB buffer, drop\n"
    "floor naive    --at …                     the same with a buffer of one message\n"
    "floor gathered --at …                     like drop, but lets readiness gather for --gather-us (1000)\n"
    "floor file     --at … --path FILE         write the raw bytes in pieces of at least 64 KiB\n"
    "     [--buffer BYTES] [--max-seconds S]   ends on SIGTERM or after 600 s; counts as JSON on stdout\n";

// One read a readiness: 365 bytes is the message that `load` sends.
constexpr std::size_t naive_buffer = 365;
constexpr std::size_t large_buffer = 256 * 1024;
constexpr std::size_t file_piece = 64 * 1024;

struct FloorOptions {
  Address at;
  std::size_t buffer = large_buffer;
  std::int64_t gather_ns = 0;
  std::string path;
  double max_seconds = 600;
};

class Floor {
 public:
  explicit Floor(const FloorOptions& options)
      : options_(options), buffer_(options.buffer + (options.path.empty() ? 0 : file_piece)) {
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    listener_ = listen_on(options_.at);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC));
    if (!options_.path.empty()) {
      file_.reset(open(options_.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
      if (!file_) throw_errno(options_.path);
    }
    watch(listener_.get());
    watch(signals_.get());
  }

  void run() {
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(options_.max_seconds * 1e9);
    std::array<epoll_event, 256> events;
    while (now_ns() < end) {
      const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 1000);
      ++waits_;
      if (count <= 0) write_file();
      bool stop = false;
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == signals_.get()) {
          stop = true;
        } else if (fd == listener_.get()) {
          accept_one();
        } else {
          read_once(fd);
        }
      }
      if (stop) break;
      if (options_.gather_ns > 0 && count > 0) sleep_until_ns(now_ns() + options_.gather_ns);
    }
    write_file();
  }

  void print() const {
    std::printf("{\"bytes\": %llu, \"reads\": %llu, \"waits\": %llu, \"connections\": %llu, \"cpu_seconds\": %.6f}\n",
                bytes_, reads_, waits_, accepted_, cpu_seconds());
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
  }

  void accept_one() {
    Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    ++accepted_;
    watch(fd.get());
    const auto index = static_cast<std::size_t>(fd.get());
    if (index >= connections_.size()) connections_.resize(index + 1);
    connections_[index] = std::move(fd);
  }

  void read_once(int fd) {
    const ssize_t got = recv(fd, buffer_.data() + filled_, options_.buffer, 0);
    if (got > 0) {
      ++reads_;
      bytes_ += static_cast<unsigned long long>(got);
      if (!file_) return;
      filled_ += static_cast<std::size_t>(got);
      if (filled_ >= file_piece) write_file();
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      connections_[static_cast<std::size_t>(fd)].reset();
    }
  }

  void write_file() {
    for (std::size_t done = 0; done < filled_;) {
      const ssize_t wrote = write(file_.get(), buffer_.data() + done, filled_ - done);
      if (wrote < 0 && errno != EINTR) throw_errno("write");
      if (wrote > 0) done += static_cast<std::size_t>(wrote);
    }
    filled_ = 0;
  }

  const FloorOptions options_;
  std::vector<char> buffer_;
  std::size_t filled_ = 0;
  Fd epoll_;
  Fd listener_;
  Fd signals_;
  Fd file_;
  std::vector<Fd> connections_;
  unsigned long long bytes_ = 0;
  unsigned long long reads_ = 0;
  unsigned long long waits_ = 0;
  unsigned long long accepted_ = 0;
};

int run(int argc, char** argv) {
  Args args(argc, argv, {"help"});
  if (args.flag("help") || args.words().size() != 1) {
    std::fputs(usage, stdout);
    return argc == 1 ? 0 : 2;
  }
  const std::string& kind = args.words()[0];
  FloorOptions options;
  options.at = parse_address(args.text("at", ""));
  if (kind == "naive") {
    options.buffer = naive_buffer;
  } else if (kind == "gathered") {
    options.gather_ns = static_cast<std::int64_t>(args.number("gather-us", 1000)) * 1000;
  } else if (kind == "file") {
    options.path = args.text("path", "");
    if (options.path.empty()) throw std::invalid_argument("file needs --path");
  } else if (kind != "drop") {
    throw std::invalid_argument("drop, naive, gathered or file");
  }
  options.buffer = args.number("buffer", options.buffer);
  options.max_seconds = args.real("max-seconds", options.max_seconds);
  args.reject_unknown();
  raise_file_limit();
  Floor floor(options);
  floor.run();
  floor.print();
  return 0;
}

}  // namespace
}  // namespace logboom::bench

int main(int argc, char** argv) {
  try {
    return logboom::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 2;
  }
}
