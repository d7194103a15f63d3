#include "net/server.hpp"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <filesystem>
#include <list>
#include <map>

#include "net/datagram_socket.hpp"
#include "net/listener.hpp"
#include "net/task_source.hpp"

namespace logboom::net {

namespace asio = boost::asio;

struct Server::Impl {
  explicit Impl(Log& where) : log(where) {}

  Log& log;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::signal_set signals{io};
  std::function<void(int)> on_signal;
  std::list<StreamGroup> groups;
  std::list<StreamListener> listeners;
  std::list<DatagramGroup> datagrams;
  std::size_t workers_left = 0;

  void wait_for_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      on_signal(signal);
      wait_for_signal();
    });
  }
};

/// One input's view of the server.
class InputHost final : public Host {
 public:
  InputHost(Server& server, std::string id, MetricLabels labels, Metrics& metrics,
            std::function<Emitter&(Worker&)> emitter)
      : server_(server),
        id_(std::move(id)),
        labels_(std::move(labels)),
        metrics_(metrics),
        emitter_(std::move(emitter)) {}

  void listen(const StreamListen& where, SessionFactory sessions) override {
    StreamGroup& group = server_.impl_->groups.emplace_back();
    group.options = where;
    group.sessions = std::move(sessions);
    group.emitter = emitter_;
    StreamListener& listener =
        server_.impl_->listeners.emplace_back(server_.impl_->io, server_.workers_, group, server_.impl_->log);
    listener.open(id_);
    last_port_ = listener.port();
    MetricLabels labels = labels_;
    labels.emplace_back("listener", listener.where());
    register_group(group, labels);
  }

  void listen_datagram(const DatagramListen& where, DatagramFactory sessions) override {
    std::string name;
    auto fd = std::make_shared<Fd>(bind_datagrams(where, name));
    DatagramGroup& group = server_.impl_->datagrams.emplace_back();
    group.options = where;
    group.sessions = std::move(sessions);
    log().info(cat(id_, ": listening on ", name));
    MetricLabels labels = labels_;
    labels.emplace_back("listener", name);
    metrics_.counter("logboom_input_datagrams_total", labels, group.datagrams);
    metrics_.counter("logboom_input_bytes_total", labels, group.bytes);
    metrics_.counter("logboom_input_reads_total", labels, group.reads);
    metrics_.counter("logboom_input_kernel_dropped_datagrams_total", labels, group.kernel_dropped);
    const std::string path = where.unix_path.empty() ? "" : std::filesystem::absolute(where.unix_path).string();
    least_loaded(server_.workers_)
        .adopt([&group, fd, path, name = cat(id_, " on ", name), emitter = emitter_](Worker& worker) {
          return std::make_unique<DatagramSocket>(worker, emitter(worker), group, std::move(*fd), name, path);
        });
  }

  void run(TaskFactory make) override {
    least_loaded(server_.workers_).adopt([make = std::move(make), name = id_, emitter = emitter_](Worker& worker) {
      return std::make_unique<TaskSource>(worker, emitter(worker), name, make);
    });
  }

  Adopter adopter(SessionFactory sessions) override {
    StreamGroup& group = server_.impl_->groups.emplace_back();
    group.adopted = true;
    group.sessions = std::move(sessions);
    group.emitter = emitter_;
    MetricLabels labels = labels_;
    labels.emplace_back("listener", "adopted");
    register_group(group, labels);
    return [&group, &server = server_](int fd, std::string name) {
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
      PeerName peer{std::move(name), "", "localhost"};
      least_loaded(server.workers_).adopt([&group, fd, peer = std::move(peer)](Worker& worker) {
        return std::make_unique<StreamConnection>(worker, group, fd, peer, Worker::next_id());
      });
    };
  }

  std::uint16_t last_port() const override { return last_port_; }
  Counter& dropped(std::string_view reason) override {
    return by_reason(dropped_, "logboom_input_dropped_events_total", reason);
  }
  Counter& errors(std::string_view reason) override { return by_reason(errors_, "logboom_input_errors_total", reason); }
  DecompressBudget& decompress_budget() override { return server_.decompress_budget_; }
  Log& log() override { return server_.impl_->log; }

 private:
  void register_group(const StreamGroup& group, const MetricLabels& labels) {
    metrics_.counter("logboom_input_connections_total", labels, group.accepted);
    metrics_.counter("logboom_input_bytes_total", labels, group.bytes);
    metrics_.counter("logboom_input_reads_total", labels, group.reads);
    metrics_.gauge("logboom_input_connections", labels, [&group] { return group.open.value(); });
  }

  using Reasons = std::map<std::string, Counter, std::less<>>;

  Counter& by_reason(Reasons& reasons, const char* name, std::string_view reason) {
    const auto found = reasons.find(reason);
    if (found != reasons.end()) return found->second;
    Counter& counter = reasons[std::string(reason)];
    MetricLabels labels = labels_;
    labels.emplace_back("reason", reason);
    metrics_.counter(name, std::move(labels), counter);
    return counter;
  }

  Server& server_;
  std::string id_;
  MetricLabels labels_;
  Metrics& metrics_;
  std::function<Emitter&(Worker&)> emitter_;
  Reasons dropped_;
  Reasons errors_;
  std::uint16_t last_port_ = 0;
};

Server::Server(unsigned workers, Log& log) : impl_(std::make_unique<Impl>(log)) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(i, log));
}

Server::~Server() {
  impl_->listeners.clear();
  for (auto& worker : workers_) worker->stop_and_join();
}

void Server::start_workers() {
  for (auto& worker : workers_) worker->start();
}

void Server::on_signals(const std::vector<int>& signals, std::function<void(int)> handler) {
  for (const int signal : signals) impl_->signals.add(signal);
  impl_->on_signal = std::move(handler);
  impl_->wait_for_signal();
}

void Server::run() { impl_->io.run(); }
void Server::stop() { impl_->io.stop(); }
void Server::post(std::function<void()> task) { asio::post(impl_->io, std::move(task)); }

std::unique_ptr<Host> Server::host(std::string id, MetricLabels labels, Metrics& metrics,
                                   std::function<Emitter&(Worker&)> emitter) {
  return std::make_unique<InputHost>(*this, std::move(id), std::move(labels), metrics, std::move(emitter));
}

void Server::shut_down(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
  for (StreamListener& listener : impl_->listeners) listener.drain_and_close();
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
