#include "out_forward.hpp"

#include <unistd.h>

#include <algorithm>
#include <random>

#include <logboom/tls_client.hpp>

namespace logboom {

namespace out_forward {

namespace {

constexpr std::chrono::seconds upkeep_interval{1};
constexpr std::size_t most_series = 256;
/// Of a chunk that is sent at a time. Fluent Bit takes messages of 6 MB where nothing is said (`Buffer_Max_Size`).
constexpr std::uint64_t portion_size = std::uint64_t{4} << 20;
// At the start, for all names together: a second name server is asked after five seconds.
constexpr std::chrono::seconds longest_lookup{8};
// Where others are not kept waiting for what may be found later.
constexpr std::chrono::seconds short_lookup{1};
// Of the buffer's time, left for it to hear of an ack that did not come.
constexpr std::chrono::milliseconds commit_reserve{500};

bool is_address(const std::string& host) {
  return host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
}

TlsClientOptions tls_options(const Options& options, const ServerSettings& server) {
  TlsClientOptions tls;
  tls.version = options.tls_version;
  tls.ciphers = options.tls_ciphers;
  tls.ca_paths = options.tls_cert_path.empty() ? options.tls_ca_cert_path : options.tls_cert_path;
  tls.crl_path = options.tls_crl_path;
  tls.cert_path = options.tls_client_cert_path;
  tls.private_key_path = options.tls_client_private_key_path;
  tls.private_key_passphrase = options.tls_client_private_key_passphrase;
  tls.server_name = is_address(server.host) && !server.name.empty() ? server.name : server.host;
  tls.verify_hostname = options.tls_verify_hostname && !options.tls_insecure_mode;
  tls.allow_self_signed_cert = options.tls_allow_self_signed_cert;
  tls.insecure = options.tls_insecure_mode;
  tls.names = TlsNames::with("tls_");
  tls.names.ca_path = "tls_cert_path";
  tls.names.cert_path = "tls_client_cert_path";
  tls.names.private_key_path = "tls_client_private_key_path";
  return tls;
}

/// How long an ack may take. After `delayed_commit_timeout` the buffer wants to know.
std::chrono::nanoseconds ack_time(const Options& options, const Element& element) {
  std::chrono::nanoseconds limit = std::chrono::seconds(60);
  for (const Element* buffer : element.sections("buffer")) {
    if (const Attribute* given = buffer->find("delayed_commit_timeout");
        given && !given->is_nil && !given->is_default) {
      limit = config_value::time(*given);
    }
  }
  return std::min<std::chrono::nanoseconds>(options.ack_response_timeout, limit - commit_reserve);
}

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "logboom";
}

/// Null where no handshake is to be expected.
std::shared_ptr<const forward::ClientSecurity> security_of(const Options& options, const ServerSettings& server) {
  if (!options.security && server.shared_key.empty()) return nullptr;
  auto security = std::make_shared<forward::ClientSecurity>();
  security->self_hostname = options.security ? options.security->self_hostname : this_host();
  security->shared_key = server.shared_key;
  if (options.security && security->shared_key.empty()) security->shared_key = options.security->shared_key;
  security->username = server.username;
  security->password = server.password;
  return security;
}

std::vector<ServerSettings> named_servers(const Options& options) {
  std::vector<ServerSettings> servers(options.servers.begin(), options.servers.end());
  if (servers.empty() && !options.host.empty()) {
    servers.emplace_back().host = options.host;
    servers.back().port = options.port;
  }
  return servers;
}

}  // namespace

ForwardOutput::ForwardOutput(Options options, BuildContext& context)
    : options_(std::move(options)),
      element_(context.element()),
      metrics_(context.metrics()),
      labels_(context.labels()),
      setup_(make_setup(options_)),
      writer_{options_.compress, options_.time_as_integer},
      ack_time_(ack_time(options_, element_)),
      servers_(
          setup_, [this](const ServerSettings& settings) { return make_server(settings); }, std::random_device{}()),
      window_(std::make_shared<AckWindow>(options_.ack_window)) {
  setup_.id = context.id();
  setup_.log = &context.log();
  check(options_, element_);
  if (options_.tls_insecure_mode && options_.transport == TransportKind::tls) {
    context.warn(element_.pos, "tls_insecure_mode: nothing shows that a server is the one that it says it is");
  }
  const std::vector<const Element*> sections = element_.sections("service_discovery");
  for (std::size_t i = 0; i < options_.discoveries.size(); ++i) {
    sources_.push_back({make_discovery(options_.discoveries[i], *sections[i]), {}});
  }
  servers_.set(named_servers(options_));
}

BufferDefaults ForwardOutput::buffer_defaults() const {
  BufferDefaults defaults;
  defaults.chunk_keys = {"tag"};
  return defaults;
}

ServerCounts& ForwardOutput::counts_of(const std::string& title) {
  const std::lock_guard lock(counts_mutex_);
  const std::string name = counts_.size() < most_series || counts_.contains(title) ? title : "others";
  std::unique_ptr<ServerCounts>& counts = counts_[name];
  if (counts) return *counts;
  counts = std::make_unique<ServerCounts>();
  MetricLabels labels = labels_;
  labels.emplace_back("server", name);
  metrics_.counter("logboom_forward_sent_events_total", labels, counts->events);
  metrics_.counter("logboom_forward_failures_total", labels, counts->failures);
  metrics_.gauge("logboom_forward_server_up", labels, [&up = counts->up] { return up.value(); });
  return *counts;
}

std::shared_ptr<Server> ForwardOutput::make_server(const ServerSettings& settings) {
  std::shared_ptr<TlsClient> tls;
  if (options_.transport == TransportKind::tls) {
    tls = make_tls_client(tls_options(options_, settings), element_, *setup_.log);
  }
  const auto security = security_of(options_, settings);
  ServerAccess access;
  access.make = [=, tcp_keepalive = options_.send_keepalive_packet, port = settings.port](const std::string& address,
                                                                                          SocketClient::Limits limits) {
    const SocketClient::Address where{SocketClient::Address::Kind::tcp, address, port};
    return std::make_shared<Connection>(where, limits, tls, security, tcp_keepalive);
  };
  return std::make_shared<Server>(settings, setup_, counts_of(settings.title()), std::move(access));
}

void ForwardOutput::refuse(const std::string& why) const { throw ConfigError(element_.pos, cat("forward: ", why)); }

void ForwardOutput::discover() {
  const auto now = std::chrono::steady_clock::now();
  for (Source& source : sources_) {
    if (now < source.due) continue;
    source.due = now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(source.discovery->interval());
    std::string why;
    outdated_ = source.discovery->look(source.servers, why) || outdated_;
    if (!why.empty() && !source.failing) {
      setup_.log->warn(cat(setup_.id, ": the servers stay as they are: ", why));
    }
    source.failing = !why.empty();
  }
  if (!outdated_) return;
  const std::string why = apply_sources();
  if (!why.empty() && why != refusal_) setup_.log->warn(cat(setup_.id, ": the servers stay as they are: ", why));
  refusal_ = why;
  outdated_ = !why.empty();
}

/// Empty, or why the servers stay as they are.
std::string ForwardOutput::apply_sources() {
  try {
    servers_.set(all_servers());
    return {};
  } catch (const ConfigError& error) {
    return std::string(error.message());
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::vector<ServerSettings> ForwardOutput::all_servers() const {
  std::vector<ServerSettings> all = named_servers(options_);
  for (const Source& source : sources_) all.insert(all.end(), source.servers.begin(), source.servers.end());
  return all;
}

/// Names are looked up all at once. Where errors are ignored the heartbeats do so, and nothing waits for them.
void ForwardOutput::begin_servers() {
  const bool has_heartbeats = options_.heartbeat_type != HeartbeatType::none;
  const bool is_strict = has_heartbeats && !options_.ignore_network_errors_at_startup;
  if (!is_strict && !options_.verify_connection_at_startup) return;
  const std::vector<std::shared_ptr<Server>> servers = servers_.all();
  for (const std::shared_ptr<Server>& server : servers) server->resolver().prepare();
  const auto until = Resolver::Clock::now() + longest_lookup;
  for (const std::shared_ptr<Server>& server : servers) {
    std::string why;
    const bool is_known = !server->resolver().addresses(why, until).empty();
    if (is_known && !options_.verify_connection_at_startup) continue;
    const Server::Held held = is_known ? server->probe(why) : Server::Held{};
    if (!held.connection) refuse(cat("the server ", server->settings().title(), " can't be reached: ", why));
    held.connection->finish();
  }
}

void ForwardOutput::start() {
  const bool is_strict = !options_.ignore_network_errors_at_startup;
  const auto until = Discovery::Clock::now() + (is_strict ? longest_lookup : short_lookup);
  for (Source& source : sources_) {
    std::string why;
    source.discovery->look(source.servers, why, until);
    source.failing = !why.empty();
    if (!source.failing) {
      source.due = Discovery::Clock::now() + source.discovery->interval();
      continue;
    }
    if (is_strict) refuse(why);
    setup_.log->warn(cat(setup_.id, ": servers are not known yet: ", why));
  }
  const std::vector<ServerSettings> all = all_servers();
  if (all.empty() && is_strict) refuse("there is no server to send to");
  servers_.set(all);
  begin_servers();
  if (options_.require_ack_response) {
    reader_ = std::make_unique<AckReader>([this](Server& server, const Connection::News& news) { take(server, news); });
    reader_->start();
  }
  servers_.start();
  upkeep_ = std::thread([this] { upkeep(); });
}

void ForwardOutput::upkeep() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, upkeep_interval, [this] { return ended_; })) {
    lock.unlock();
    discover();
    servers_.tidy();
    if (reader_) reader_->wake();
    lock.lock();
  }
}

void ForwardOutput::take(Server& server, const Connection::News& news) {
  if (news.acked > 0) server.succeeded(news.acked);
  if (news.ended) {
    for (const std::string& chunk : news.failed) affinity_.remember(chunk, server.settings().title());
  }
  if (news.to_blame) server.failed(news.why);
}

WriteResult ForwardOutput::write(const Chunk& chunk) {
  Sending sending{chunk.id, affinity_.take(chunk.id), arrived_->of(chunk.id)};
  if (reader_) {
    if (!window_->take()) return {WriteResult::Status::retry, "the end is near", 0};
    sending.pending = std::make_shared<PendingChunk>(chunk, commit_later(chunk), window_, arrived_);
  }
  Portions portions(portion_size, [&](const std::vector<TagRun>& runs) { return send(runs, sending); });
  chunk.for_each_batch([&portions](const BatchPtr& batch) { return portions.add(batch); });
  if (sending.why.empty()) portions.finish();
  if (!sending.why.empty()) return {WriteResult::Status::retry, sending.why, 0};
  if (!sending.pending) return {};
  if (sending.pending->all_sent() && sending.server) sending.server->succeeded(chunk.events);
  return {WriteResult::Status::pending, {}, 0};
}

/// A portion. False where no server has taken it.
bool ForwardOutput::send(const std::vector<TagRun>& runs, Sending& sending) {
  const std::uint32_t portion = sending.portions++;
  const std::uint32_t first =
      std::exchange(sending.messages, sending.messages + static_cast<std::uint32_t>(runs.size()));
  if (sending.arrived.contains(portion)) return true;
  if (sending.pending && sending.pending->has_failed()) return sending.why = "a message is not acked", false;
  std::vector<Message> messages(runs.size());
  for (std::uint32_t i = 0; i < runs.size(); ++i)
    writer_.write(runs[i], sending.pending ? message_id(sending.id, first + i) : std::string(), messages[i]);
  std::shared_ptr<PendingPortion> pending;
  if (sending.pending) pending = std::make_shared<PendingPortion>(sending.pending, portion, messages.size());
  return send(messages, pending, sending);
}

/// To one server after another, until one has taken it.
bool ForwardOutput::send(const std::vector<Message>& messages, const std::shared_ptr<PendingPortion>& pending,
                         Sending& sending) {
  std::uint64_t events = 0;
  for (const Message& message : messages) events += message.events;
  sending.why = "there is no server";
  std::vector<std::shared_ptr<Server>> tried;
  while (!interrupted_) {
    const std::shared_ptr<Server> server = servers_.next(tried, sending.first);
    if (!server) break;
    tried.push_back(server);
    sending.why = send(server, messages, pending, false);
    if (sending.why.empty()) {
      if (!pending) server->succeeded(events);
      sending.server = server;
      sending.first = server->settings().title();
      return true;
    }
    if (!interrupted_) server->failed(sending.why);
  }
  return false;
}

std::string ForwardOutput::send(const std::shared_ptr<Server>& server, const std::vector<Message>& messages,
                                const std::shared_ptr<PendingPortion>& pending, bool fresh) {
  std::string why;
  Server::Held held = server->connection(fresh, why);
  if (!held.connection) return why;
  Connection& connection = *held.connection;
  for (std::size_t i = 0; i < messages.size() && why.empty(); ++i) why = connection.send(messages[i]);
  if (why.empty() && !pending) why = server->confirm(connection);
  if (!why.empty()) {
    const Connection::News news = connection.close(why);
    const bool was_kept = held.was_kept;
    held.lock.unlock();
    for (const std::string& chunk : news.failed) affinity_.remember(chunk, server->settings().title());
    // The server may have closed it while nothing was sent, which says nothing of the server.
    return was_kept && !fresh ? send(server, messages, pending, true) : why;
  }
  if (pending) {
    connection.expect(messages, pending, Connection::Clock::now() + ack_time_);
    reader_->watch(held.connection, server);
  }
  if (server->keep(held.connection)) return {};
  connection.give_up();
  if (!pending) connection.finish();
  return {};
}

void ForwardOutput::interrupt() noexcept {
  interrupted_ = true;
  window_->interrupt();
  servers_.interrupt();
}

void ForwardOutput::stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ending_.notify_all();
  }
  for (const Source& source : sources_) source.discovery->interrupt();
  servers_.interrupt_lookups();
  if (upkeep_.joinable()) upkeep_.join();
  servers_.stop();
  if (reader_) reader_->stop();
}

}  // namespace out_forward

namespace plugins {

PluginInfo out_forward() {
  return describe_plugin<logboom::out_forward::ForwardOutput>(
      PluginKind::output, "forward",
      "Sends events by the Fluentd forward protocol, with fail-over, acks, TLS and service discovery.",
      {"secure_forward"});
}

}  // namespace plugins
}  // namespace logboom
