#include "net/input_host.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "net/admission.hpp"
#include "net/connection.hpp"
#include "net/datagram_socket.hpp"
#include "net/listener.hpp"
#include "net/server.hpp"
#include "net/task_source.hpp"
#include "net/tls_failure.hpp"

namespace logboom::net {

InputHost::InputHost(Server& server, std::string id, MetricLabels labels, Metrics& metrics, EmitterSource emitter,
                     InputOwner owner)
    : server_(server),
      id_(std::move(id)),
      labels_(std::move(labels)),
      metrics_(metrics),
      emitter_(std::move(emitter)),
      owner_(std::move(owner)) {
  server_.hosts_.push_back(this);
}

InputHost::~InputHost() {
  for (Stream& stream : streams_) give_back(stream);
  std::erase(server_.hosts_, this);
}

void InputHost::listen(const StreamListen& where, SessionFactory sessions) {
  Stream stream;
  stream.group = std::make_shared<StreamGroup>();
  stream.group->options = where;
  stream.group->sessions = std::move(sessions);
  stream.group->emitter = emitter_;
  stream.group->owner = owner_;
  if (!claim(stream)) open(stream);
  set_limits(*stream.group);
  look_for_tls(*stream.group);
  last_port_ = stream.listener->port();
  stream.group->key = key_of(stream.listener->where());
  register_group(stream.group, stream.listener->where());
  streams_.push_back(std::move(stream));
}

void InputHost::set_limits(StreamGroup& group) {
  const auto counter = [this](std::string_view reason) -> Counter& { return errors(reason); };
  group.admission = std::make_shared<Admission>(group.options.limits, counter, log(), id_);
  group.memory = &server_.connection_memory();
  if (group.options.limits.idle_timeout.count() != 0) server_.watch_idle();
}

/// What the connections say of TLS, whether it is wanted or not.
void InputHost::look_for_tls(StreamGroup& group) {
  const auto counter = [this](std::string_view reason) -> Counter& { return errors(reason); };
  if (!group.options.tls) {
    group.failures = std::make_shared<TlsFailures>(counter, log(), id_, false);
    return;
  }
  group.tls = std::make_shared<TlsGroup>(group.options.tls, counter, log(), id_);
  metrics_.counter("logboom_input_tls_handshakes_total", labels_, group.tls->handshakes);
  metrics_.counter("logboom_input_tls_resumed_total", labels_, group.tls->resumed);
  metrics_.gauge("logboom_input_tls_handshakes_open", labels_, [tls = group.tls] { return tls->shaking.value(); });
  server_.watch_certificates();
  say_expiries(*group.options.tls);
}

void InputHost::say_expiries(TlsServer& tls) {
  for (const std::string& line : tls.expiries()) log().warn(cat(id_, ": ", line));
}

void InputHost::refresh_certificates() {
  for (const Stream& stream : streams_) {
    if (!stream.group->tls) continue;
    TlsServer& tls = *stream.group->tls->server;
    std::string why;
    switch (tls.refresh(why)) {
      case TlsServer::Refresh::unchanged: break;
      case TlsServer::Refresh::loaded: log().info(cat(id_, ": new certificates: ", tls.files())); break;
      case TlsServer::Refresh::refused:
        log().error(cat(id_, ": the changed certificates are not taken, those before stay in use: ", why));
        break;
    }
    say_expiries(tls);
  }
}

void InputHost::listen_datagram(const DatagramListen& where, DatagramFactory sessions) {
  Datagrams datagrams;
  datagrams.group = std::make_shared<DatagramGroup>();
  DatagramGroup& group = *datagrams.group;
  group.options = where;
  group.sessions = std::move(sessions);
  if (!claim(datagrams)) {
    open(datagrams);
    log().info(cat(id_, ": listening on ", datagrams.socket->name()));
  }
  group.key = key_of(datagrams.socket->name());
  MetricLabels labels = labels_;
  labels.emplace_back("listener", datagrams.socket->name());
  metrics_.counter("logboom_input_datagrams_total", labels, group.datagrams);
  metrics_.counter("logboom_input_bytes_total", labels, group.bytes);
  metrics_.counter("logboom_input_reads_total", labels, group.reads);
  metrics_.counter("logboom_input_kernel_dropped_datagrams_total", labels, group.kernel_dropped);
  datagrams_.push_back(std::move(datagrams));
}

void InputHost::run(TaskFactory make) { tasks_.push_back(std::move(make)); }

Host::Adopter InputHost::adopter(SessionFactory sessions) {
  auto group = std::make_shared<StreamGroup>();
  group->adopted = true;
  group->sessions = std::move(sessions);
  group->emitter = emitter_;
  group->owner = owner_;
  register_group(group, "adopted");
  return [group, &server = server_](int fd, std::string name) {
    const auto owner = group->owner ? group->owner() : nullptr;
    if (group->owner && !owner) {
      ::close(fd);
      return;
    }
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    PeerName peer{std::move(name), "", "localhost"};
    least_loaded(server.workers()).adopt([group, owner, fd, peer = std::move(peer)](Worker& worker) {
      return std::make_unique<StreamConnection>(worker, group, fd, peer, Worker::next_id());
    });
  };
}

void InputHost::begin() {
  claimed_from_.clear();
  for (Stream& stream : streams_) begin(stream);
  for (Datagrams& datagrams : datagrams_) begin(datagrams);
  for (TaskFactory& make : std::exchange(tasks_, {})) {
    least_loaded(server_.workers())
        .adopt([make = std::move(make), name = id_, emitter = emitter_, owner = owner()](Worker& worker) {
          return std::make_unique<TaskSource>(worker, emitter(worker), name, make);
        });
  }
}

/// From here on a claimed listener is in no other host's list.
void InputHost::begin(Stream& stream) {
  if (std::exchange(stream.begun, true)) return;
  InputHost* const from = std::exchange(stream.from, nullptr);
  if (from == nullptr) return stream.listener->begin();
  StreamListener& taken = stream.replaces ? *stream.replaces : *stream.listener;
  std::erase_if(from->streams_, [&taken](const Stream& other) { return other.listener.get() == &taken; });
  taken.pass_to(stream.group);
  if (!stream.replaces) return;
  taken.retire();
  stream.listener->begin();
}

void InputHost::begin(Datagrams& datagrams) {
  if (std::exchange(datagrams.begun, true)) return;
  datagrams.socket->begin();
  if (datagrams.replaces) server_.retire(std::exchange(datagrams.replaces, nullptr));
  least_loaded(server_.workers())
      .adopt([group = datagrams.group, socket = datagrams.socket, name = cat(id_, " on ", datagrams.socket->name()),
              emitter = emitter_, owner = owner()](Worker& worker) {
        return std::make_unique<DatagramSocket>(worker, emitter(worker), group, socket, name);
      });
}

void InputHost::close() {
  for (Stream& stream : streams_) {
    if (stream.begun && stream.replaces) std::exchange(stream.replaces, nullptr)->drain_and_close();
    if (stream.replaced) stream.listener->drain();
    if (!stream.replaced && !stream.claimed) stream.listener->drain_and_close();
  }
  for (Datagrams& datagrams : datagrams_) datagrams.socket.reset();
}

Counter& InputHost::dropped(std::string_view reason) {
  return by_reason(dropped_, "logboom_input_dropped_events_total", reason);
}

Counter& InputHost::errors(std::string_view reason) { return by_reason(errors_, "logboom_input_errors_total", reason); }

DecompressBudget& InputHost::decompress_budget() { return server_.decompress_budget(); }

Log& InputHost::log() { return server_.log(); }

void InputHost::register_group(const std::shared_ptr<StreamGroup>& group, const std::string& where) {
  MetricLabels labels = labels_;
  labels.emplace_back("listener", where);
  metrics_.counter("logboom_input_connections_total", labels, group->accepted);
  metrics_.counter("logboom_input_bytes_total", labels, group->bytes);
  metrics_.counter("logboom_input_reads_total", labels, group->reads);
  if (group->admission) {
    const auto waiting = [admission = group->admission] {
      return static_cast<std::int64_t>(admission->half_open_count());
    };
    metrics_.gauge("logboom_input_half_open_connections", labels, waiting);
  }
  metrics_.gauge("logboom_input_connections", labels, [group] { return group->open.value(); });
}

Counter& InputHost::by_reason(Reasons& reasons, const char* name, std::string_view reason) {
  const auto found = reasons.find(reason);
  if (found != reasons.end()) return found->second;
  Counter& counter = reasons[std::string(reason)];
  MetricLabels labels = labels_;
  labels.emplace_back("reason", reason);
  metrics_.counter(name, std::move(labels), counter);
  return counter;
}

}  // namespace logboom::net
