#include "net/descriptor_channel.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace logboom::net {

namespace {

constexpr std::size_t control_size = CMSG_SPACE(sizeof(int) * DescriptorChannel::most_descriptors);

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void take_descriptors(msghdr& header, std::vector<Fd>& out) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      out.emplace_back(fd);
    }
  }
}

}  // namespace

std::pair<Fd, Fd> DescriptorChannel::make() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("can't make a pair of sockets");
  return {Fd(ends[0]), Fd(ends[1])};
}

bool DescriptorChannel::wait_for(short events, Clock::time_point deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{socket_.get(), events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool DescriptorChannel::send(std::string_view text, std::span<const int> descriptors, Clock::time_point deadline) {
  text = text.substr(0, longest_text);
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::array<char, control_size> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  for (;;) {
    if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !wait_for(POLLOUT, deadline)) return false;
  }
}

std::optional<DescriptorChannel::Message> DescriptorChannel::receive(Clock::time_point deadline) {
  Message message;
  message.text.resize(longest_text);
  iovec part{message.text.data(), message.text.size()};
  alignas(cmsghdr) std::array<char, control_size> control{};
  for (;;) {
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got > 0) {
      take_descriptors(header, message.descriptors);
      // Descriptors that this process has no room for are lost.
      if ((header.msg_flags & MSG_CTRUNC) != 0) return std::nullopt;
      message.text.resize(static_cast<std::size_t>(got));
      return message;
    }
    if (got == 0) return std::nullopt;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || !wait_for(POLLIN, deadline)) return std::nullopt;
  }
}

/// The text goes in a file, the descriptors in portions.
bool DescriptorChannel::send_legacy(const Legacy& legacy, Pace pace, Clock::time_point deadline) {
  const bool answered = pace == Pace::answered;
  const std::vector<int> descriptors = descriptors_of(legacy);
  const Fd file = file_of(encode(legacy));
  const std::array<int, 1> first{file.get()};
  if (!send(cat("legacy ", descriptors.size()), first, deadline)) return false;
  std::span<const int> left(descriptors);
  while (!left.empty()) {
    const auto portion = left.first(std::min(left.size(), most_descriptors));
    if (!send(answered ? "descriptors, answer" : "descriptors", portion, deadline)) return false;
    const std::optional<Message> answer = answered ? receive(deadline) : std::nullopt;
    if (answered && (!answer || answer->text != "taken")) return false;
    left = left.subspan(portion.size());
  }
  return true;
}

Legacy DescriptorChannel::receive_legacy(Clock::time_point deadline) {
  const auto next = [this, deadline](std::string_view expected) {
    std::optional<Message> message = receive(deadline);
    if (!message || !message->text.starts_with(expected) || message->descriptors.empty())
      throw std::runtime_error("the other process does not hand over what it should: it has ended, or is late");
    return std::move(*message);
  };
  const Message first = next("legacy ");
  const std::size_t count = std::strtoull(first.text.c_str() + std::strlen("legacy "), nullptr, 10);
  std::vector<Fd> descriptors;
  while (descriptors.size() < count) {
    Message portion = next("descriptors");
    for (Fd& fd : portion.descriptors) descriptors.push_back(std::move(fd));
    if (portion.text == "descriptors, answer") send("taken", deadline);
  }
  return decode(text_of(first.descriptors.front().get()), std::move(descriptors));
}

Fd file_of(std::string_view text) {
  Fd file(::memfd_create("logboom", MFD_CLOEXEC));
  if (file.get() < 0) fail("can't make a file in memory");
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) fail("can't write a file in memory");
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

std::string text_of(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) throw std::runtime_error("what was handed over can't be read");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(file, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("what was handed over can't be read");
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace logboom::net
