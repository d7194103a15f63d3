#include "ack_reader.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace logboom::out_forward {

namespace {

constexpr std::chrono::milliseconds longest_wait{500};
constexpr std::chrono::milliseconds while_sending{2};

}  // namespace

AckReader::AckReader(OnNews on_news)
    : on_news_(std::move(on_news)), wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "forward: can't make an eventfd");
}

void AckReader::start() {
  thread_ = std::thread([this] { run(); });
}

void AckReader::stop() {
  ended_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
  if (wake_fd_ >= 0) ::close(std::exchange(wake_fd_, -1));
}

void AckReader::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t done = ::write(wake_fd_, &one, sizeof one);
}

void AckReader::watch(const std::shared_ptr<Connection>& connection, const std::shared_ptr<Server>& server) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const Watched& watched) { return watched.connection == connection; };
  if (std::any_of(watched_.begin(), watched_.end(), is_it)) return;
  watched_.push_back({connection, server});
  wake();
}

std::vector<AckReader::Watched> AckReader::watched() {
  const std::lock_guard lock(mutex_);
  return watched_;
}

void AckReader::run() {
  std::vector<pollfd> polled;
  auto wait = longest_wait;
  while (!ended_) {
    const std::vector<Watched> now = watched();
    polled.assign(1, {wake_fd_, POLLIN, 0});
    // Those that a sender holds would be readable again at once.
    for (const Watched& watched : now) polled.push_back({watched.connection->descriptor(), POLLIN, 0});
    ::poll(polled.data(), wait < longest_wait ? 1 : polled.size(), static_cast<int>(wait.count()));
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
    wait = longest_wait;
    for (const Watched& watched : now) wait = std::min(wait, read(watched));
    drop_closed();
  }
}

std::chrono::milliseconds AckReader::read(const Watched& watched) {
  Connection& connection = *watched.connection;
  Connection::News news;
  {
    const auto lock = connection.try_hold();
    if (!lock) return while_sending;
    news = connection.take_answers(Connection::Clock::now());
    if (connection.is_open() && connection.is_given_up() && !connection.waits_for_acks()) connection.close({});
  }
  on_news_(*watched.server, news);
  return news.more ? std::chrono::milliseconds(0) : longest_wait;
}

void AckReader::drop_closed() {
  const std::lock_guard lock(mutex_);
  std::erase_if(watched_, [](const Watched& watched) {
    const auto held = watched.connection->try_hold();
    return held && !watched.connection->is_open();
  });
}

}  // namespace logboom::out_forward
