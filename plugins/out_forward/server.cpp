#include "server.hpp"

#include <algorithm>
#include <utility>

namespace logboom::out_forward {

namespace {

// For the server's end of a connection that is not kept.
constexpr std::chrono::milliseconds time_to_part{1000};

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string ServerSettings::title() const {
  if (!name.empty()) return name;
  const bool is_v6 = host.find(':') != std::string::npos;
  return cat(is_v6 ? "[" : "", host, is_v6 ? "]:" : ":", port);
}

Server::Server(ServerSettings settings, const Setup& setup, ServerCounts& counts, ServerAccess access)
    : settings_(std::move(settings)),
      setup_(setup),
      counts_(counts),
      access_(std::move(access)),
      resolver_(settings_.host, setup.expire_dns, setup.dns_round_robin, access_.look_up),
      health_(setup, steady_seconds()),
      last_success_(-1e9) {
  counts_.up.set(1);
}

bool Server::is_available() const {
  const std::lock_guard lock(health_mutex_);
  return health_.is_available(steady_seconds());
}

void Server::heartbeat_came() {
  std::unique_lock lock(health_mutex_);
  const Health::Change change = health_.heartbeat(steady_seconds());
  heartbeat_error_.clear();
  lock.unlock();
  say(change, {});
}

void Server::heartbeat_failed(const std::string& why) {
  const std::lock_guard lock(health_mutex_);
  heartbeat_error_ = why;
}

bool Server::is_busy() const {
  return steady_seconds() - last_success_ < std::chrono::duration<double>(setup_.heartbeat_interval).count();
}

void Server::succeeded(std::uint64_t events) {
  counts_.events.add(events);
  last_success_ = steady_seconds();
  std::unique_lock lock(health_mutex_);
  const Health::Change change = health_.succeeded(steady_seconds());
  lock.unlock();
  say(change, {});
}

void Server::failed(const std::string& why) {
  counts_.failures.add();
  resolver_.forget();
  manners_ = Manners::unknown;
  std::unique_lock lock(health_mutex_);
  const Health::Change change = health_.failed(steady_seconds());
  lock.unlock();
  say(change, why);
}

void Server::look() {
  std::string why;
  std::unique_lock lock(health_mutex_);
  const Health::Change change = health_.look(steady_seconds(), why);
  if (!heartbeat_error_.empty()) why = cat(heartbeat_error_, "; ", why);
  lock.unlock();
  if (change == Health::Change::none) return;
  counts_.failures.add();
  resolver_.forget();
  say(change, why);
}

void Server::say(Health::Change change, const std::string& why) {
  if (change == Health::Change::none) return;
  const bool back = change == Health::Change::back;
  counts_.up.set(back ? 1 : 0);
  const std::string where = cat(settings_.host, ":", settings_.port);
  const std::string title = settings_.title();
  const std::string server = title == where ? where : cat(title, " (", where, ")");
  if (back) {
    setup_.log->info(cat(setup_.id, ": the server ", server, " is back"));
  } else {
    setup_.log->warn(cat(setup_.id, ": the server ", server, " is lost: ", why));
  }
}

Server::Held Server::connection(bool fresh, std::string& why) {
  while (!fresh) {
    Held held{kept()};
    if (!held.connection) break;
    held.lock = held.connection->hold();
    held.was_kept = true;
    if (held.connection->is_usable() && !held.connection->is_given_up()) return held;
    // One that waits for acks is seen to by whoever reads them.
    held.connection->give_up();
  }
  return new_connection(setup_.limits, why);
}

std::shared_ptr<Connection> Server::kept() {
  const std::lock_guard lock(mutex_);
  if (kept_.empty()) return nullptr;
  std::shared_ptr<Connection> last = std::move(kept_.back());
  kept_.pop_back();
  return last;
}

Server::Held Server::new_connection(SocketClient::Limits limits, std::string& why) {
  for (const std::string& address : resolver_.addresses(why)) {
    Held held{access_.make(address, limits)};
    register_connection(held.connection);
    held.lock = held.connection->hold();
    why = held.connection->open();
    if (why.empty()) return held;
  }
  return {};
}

void Server::register_connection(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  std::erase_if(all_, [](const std::weak_ptr<Connection>& weak) { return weak.expired(); });
  all_.push_back(connection);
  if (interrupted_) connection->interrupt();
}

std::string Server::confirm(Connection& connection) {
  std::string why = connection.settle_down();
  const bool is_kept = setup_.keepalive && !connection.is_given_up();
  if (why.empty() && !connection.is_proved() && (is_kept || manners_ == Manners::unknown)) {
    why = connection.listen(connection.time_to_object());
  }
  if (why.empty() && !is_kept) why = part(connection);
  if (why.empty()) connection.proved();
  return why;
}

/// Fluentd ends a connection with a reset, because its `linger_timeout` is 0: one means something only of a server that
/// has ended others in order.
std::string Server::part(Connection& connection) {
  const Manners manners = manners_;
  if (!connection.is_open() || manners == Manners::none) {
    connection.finish();
    return {};
  }
  const Connection::Parting parting = connection.part(time_to_part);
  if (!parting.words.empty()) return parting.words;
  if (parting.end == SocketClient::End::reset && manners == Manners::orderly) return parting.why;
  if (parting.end == SocketClient::End::in_order) {
    manners_ = Manners::orderly;
  } else if (manners == Manners::unknown) {
    manners_ = Manners::none;
  }
  return {};
}

bool Server::keep(const std::shared_ptr<Connection>& connection) {
  if (!setup_.keepalive || connection->is_given_up()) return false;
  const std::lock_guard lock(mutex_);
  kept_.push_back(connection);
  return true;
}

void Server::tidy(bool all) {
  std::string why;
  std::vector<std::string> addresses;
  if (!all && resolver_.expires()) addresses = resolver_.addresses(why);
  const auto now = Connection::Clock::now();
  const auto is_unwanted = [&](const std::shared_ptr<Connection>& connection) {
    if (all || connection->is_given_up()) return true;
    if (setup_.keepalive_timeout && now - connection->used >= *setup_.keepalive_timeout) return true;
    return !addresses.empty() &&
           std::find(addresses.begin(), addresses.end(), connection->address().host) == addresses.end();
  };
  std::vector<std::shared_ptr<Connection>> unwanted;
  {
    const std::lock_guard lock(mutex_);
    const auto end = std::stable_partition(kept_.begin(), kept_.end(), std::not_fn(is_unwanted));
    unwanted.assign(std::make_move_iterator(end), std::make_move_iterator(kept_.end()));
    kept_.erase(end, kept_.end());
  }
  for (const std::shared_ptr<Connection>& connection : unwanted) {
    connection->give_up();
    const auto lock = connection->hold();
    if (!connection->waits_for_acks()) connection->finish();
  }
}

void Server::interrupt() noexcept {
  resolver_.interrupt();
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  for (const std::weak_ptr<Connection>& weak : all_) {
    if (const std::shared_ptr<Connection> connection = weak.lock()) connection->interrupt();
  }
}

}  // namespace logboom::out_forward
