#include "net/server.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "net/datagram_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace logboom::net {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds look_for_certificates{2};
constexpr std::chrono::milliseconds look_for_idle{500};

sigset_t set_of(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

// Where signals wait: it blocks them, other threads may not.
pthread_t keeper;

void pass_to_keeper(int signal) { ::pthread_kill(keeper, signal); }

}  // namespace

struct Server::Impl {
  explicit Impl(Log& where) : log(where) {}

  Log& log;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::signal_set signals{io};
  std::function<void(int)> on_signal;
  asio::steady_timer certificates{io};
  bool watches_certificates = false;
  asio::steady_timer idle{io};
  bool watches_idle = false;
  std::size_t workers_left = 0;

  void wait_for_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      on_signal(signal);
      wait_for_signal();
    });
  }
};

Server::Server(unsigned workers, Log& log) : impl_(std::make_unique<Impl>(log)) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(i, log));
}

Server::~Server() {
  for (auto& worker : workers_) worker->stop_and_join();
}

void Server::start_workers() {
  for (auto& worker : workers_) worker->start();
}

void Server::on_signals(const std::vector<int>& signals, std::function<void(int)> handler) {
  for (const int signal : signals) impl_->signals.add(signal);
  impl_->on_signal = std::move(handler);
  impl_->wait_for_signal();
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Server::keep_signals_waiting(const std::vector<int>& signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  keeper = ::pthread_self();
  struct sigaction passes {};
  passes.sa_handler = pass_to_keeper;
  passes.sa_flags = SA_RESTART;
  ::sigfillset(&passes.sa_mask);
  for (const int signal : signals) ::sigaction(signal, &passes, nullptr);
}

void Server::run() { impl_->io.run(); }
void Server::stop() { impl_->io.stop(); }
void Server::post(std::function<void()> task) { asio::post(impl_->io, std::move(task)); }

void Server::call_after(std::chrono::nanoseconds time, std::function<void()> task) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->io, time);
  timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
    if (!error) task();
  });
}

boost::asio::io_context& Server::main_loop() noexcept { return impl_->io; }
Log& Server::log() noexcept { return impl_->log; }

void Server::refresh_certificates() {
  for (InputHost* host : hosts_) host->refresh_certificates();
}

void Server::watch_certificates() {
  if (std::exchange(impl_->watches_certificates, true)) return;
  impl_->certificates.expires_after(look_for_certificates);
  impl_->certificates.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    refresh_certificates();
    impl_->watches_certificates = false;
    watch_certificates();
  });
}

void Server::watch_idle() {
  if (std::exchange(impl_->watches_idle, true)) return;
  impl_->idle.expires_after(look_for_idle);
  impl_->idle.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    for (auto& worker : workers_) worker->sweep();
    impl_->watches_idle = false;
    watch_idle();
  });
}

void Server::retire(std::shared_ptr<BoundSocket> socket) {
  socket->retire();
  retired_.push_back(std::move(socket));
}

bool Server::has_retired(std::uint16_t port) {
  std::erase_if(retired_, [](const auto& socket) { return socket.expired(); });
  return std::any_of(retired_.begin(), retired_.end(), [port](const auto& each) {
    const auto socket = each.lock();
    return socket && socket->has_port(port);
  });
}

std::unique_ptr<InputHost> Server::host(std::string id, MetricLabels labels, Metrics& metrics, EmitterSource emitter,
                                        InputOwner owner) {
  return std::make_unique<InputHost>(*this, std::move(id), std::move(labels), metrics, std::move(emitter),
                                     std::move(owner));
}

void Server::shut_down(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
  for (InputHost* host : hosts_) host->close();
  impl_->workers_left = workers_.size();
  for (auto& worker : workers_) {
    worker->begin_shutdown(deadline, [this, done] {
      post([this, done] {
        if (--impl_->workers_left == 0) done();
      });
    });
  }
}

}  // namespace logboom::net
