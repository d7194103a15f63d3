#include "admin/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <ctime>

#include <logboom/log.hpp>

namespace logboom {

namespace {

std::optional<long long> number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  long long out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(out) : std::nullopt;
}

}  // namespace

ServiceManager::ServiceManager(const Variable& variable, long pid) {
  socket_ = variable("NOTIFY_SOCKET").value_or("");
  if (!socket_.starts_with('/') && !socket_.starts_with('@')) socket_.clear();
  const std::optional<std::string> whose = variable("WATCHDOG_PID");
  if (whose && number(whose) != pid) return;
  watchdog_ = std::chrono::microseconds(std::max(number(variable("WATCHDOG_USEC")).value_or(0), 0LL));
}

ServiceManager ServiceManager::of_process() {
  const auto variable = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  ServiceManager manager(variable, ::getpid());
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  return manager;
}

void ServiceManager::tell(std::string_view lines) const noexcept {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, socket_.size());
  // '@' stands for the NUL that an abstract name begins with; such a name has no NUL at its end.
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const std::size_t end = socket_.front() == '@' ? 0 : 1;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() + end);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  ::sendto(fd, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
           size);
  ::close(fd);
}

void ServiceManager::ready(std::string_view status) const { tell(cat("READY=1\nSTATUS=", status)); }

void ServiceManager::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  tell(cat("RELOADING=1\nMONOTONIC_USEC=", now.tv_sec * 1000000LL + now.tv_nsec / 1000, "\nSTATUS=reloading"));
}

void ServiceManager::stopping() const { tell("STOPPING=1\nSTATUS=writing what is buffered"); }

void ServiceManager::hand_over_to(long pid) const { tell(cat("MAINPID=", pid)); }

}  // namespace logboom
