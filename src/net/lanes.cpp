#include "net/lanes.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace logboom::net {

namespace {

int make_set() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  return fd;
}

void control(int set, int operation, int fd, void* owner, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  if (::epoll_ctl(set, operation, fd, &event) != 0) throw std::system_error(errno, std::system_category(), "epoll_ctl");
}

std::uint32_t interest(bool read, bool write) {
  return (read ? std::uint32_t{EPOLLIN} : 0U) | (write ? std::uint32_t{EPOLLOUT} : 0U);
}

}  // namespace

Lanes::Lanes() : prompt_(make_set()), gathered_(make_set()), gate_(make_set()) {
  control(gate_, EPOLL_CTL_ADD, prompt_, &prompt_, EPOLLIN);
  control(gate_, EPOLL_CTL_ADD, gathered_, &gathered_, EPOLLIN | EPOLLONESHOT);
}

Lanes::~Lanes() {
  ::close(gate_);
  ::close(gathered_);
  ::close(prompt_);
}

void Lanes::add(int fd, void* owner, Lane lane, bool read, bool write) {
  control(set_of(lane), EPOLL_CTL_ADD, fd, owner, interest(read, write));
}

void Lanes::change(int fd, void* owner, Lane lane, bool read, bool write) {
  control(set_of(lane), EPOLL_CTL_MOD, fd, owner, interest(read, write));
}

void Lanes::remove(int fd, Lane lane) noexcept { ::epoll_ctl(set_of(lane), EPOLL_CTL_DEL, fd, nullptr); }

Lanes::Report Lanes::look() {
  epoll_event events[2];
  const int count = ::epoll_wait(gate_, events, 2, 0);
  Report report;
  for (int i = 0; i < count; ++i) (events[i].data.ptr == &prompt_ ? report.prompt : report.gathered) = true;
  return report;
}

void Lanes::open_gate() { control(gate_, EPOLL_CTL_MOD, gathered_, &gathered_, EPOLLIN | EPOLLONESHOT); }

std::span<const epoll_event> Lanes::ready(Lane lane, std::span<epoll_event> space) const {
  const int count = ::epoll_wait(set_of(lane), space.data(), static_cast<int>(space.size()), 0);
  return space.first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

}  // namespace logboom::net
