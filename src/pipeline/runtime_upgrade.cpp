#include <algorithm>
#include <csignal>
#include <utility>

#include "pipeline/runtime.hpp"

// From one process to the next.
namespace logboom {

namespace {

using namespace std::chrono_literals;

// How long a new process may take until it says that it could take over.
constexpr std::chrono::seconds start_patience{30};
// How long nothing is read while acks and what is only in memory are waited for.
constexpr std::chrono::seconds quiet_patience{3};
// For connections that can't be handed over, from then on.
constexpr std::chrono::milliseconds endings_patience{1500};
constexpr std::chrono::seconds buffers_patience{8};
// Memory may be written for so long before that, and down to so many events.
constexpr std::chrono::seconds thinning_patience{10};
constexpr std::uint64_t few_events = 1000;
constexpr std::chrono::seconds flush_pause{2};
constexpr auto poll = 5ms;

}  // namespace

/// Where this throws, the process before goes on.
void Runtime::take_over() {
  Predecessor& predecessor = *surroundings_.predecessor;
  for (net::PassedSocket& socket : predecessor.sockets()) server_.passed_sockets().add(std::move(socket));
  start_inputs(*pipeline_);
  look_at_passed_sockets();
  predecessor.prepared(server_.listeners());
  open_state();
  pipeline_->start_outputs();
  server_.start_workers();
  own_events_.follow(*pipeline_);
  start_control();
  predecessor.ready();
  if (surroundings_.on_take_over) surroundings_.on_take_over();
  for (const auto& input : pipeline_->inputs()) input->host->begin();
  std::vector<net::HandedConnection> connections = predecessor.connections();
  surroundings_.predecessor.reset();
  const std::size_t count = connections.size();
  const std::size_t nobodys = server_.adopt(std::move(connections));
  log_.info(cat("took over, with ", count - nobodys, " connections"));
  if (nobodys != 0) log_.warn(cat(nobodys, " connections belong to no source any more, and are closed"));
}

void Runtime::refuse_upgrade(const std::string& why) {
  log_.error(cat("the upgrade is refused: ", why, "; this process goes on"));
  successor_.reset();
}

/// SIGUSR2.
void Runtime::upgrade() {
  if (stopping_) return;
  if (successor_) return log_.warn("SIGUSR2: a new process is about to take over already");
  if (surroundings_.arguments.empty()) return refuse_upgrade("nobody knows how this process was started");
  try {
    net::Legacy sockets;
    sockets.sockets = server_.offer();
    successor_ = std::make_unique<Successor>(surroundings_.arguments, surroundings_.manager);
    log_.info(cat("upgrading: ", surroundings_.arguments.front(), " is started as process ", successor_->pid()));
    if (!successor_->offer(sockets)) {
      std::string why;
      successor_->prepared(why);
      return refuse_upgrade(why.empty() ? "the new process does not take the sockets" : why);
    }
  } catch (const std::exception& error) {
    return refuse_upgrade(error.what());
  }
  watch_successor(++upgrades_);
}

void Runtime::watch_successor(std::uint64_t number) {
  const auto still = [this, number] { return successor_ && upgrades_ == number; };
  server_.when_readable(successor_->fd(), [this, still] {
    if (still()) on_prepared();
  });
  server_.call_after(start_patience, [this, still] {
    if (still()) refuse_upgrade(cat("the new process is not ready after ", start_patience.count(), " s"));
  });
}

void Runtime::on_prepared() {
  std::string why;
  std::optional<std::set<net::ListenerKey>> keys = successor_->prepared(why);
  if (!keys) return refuse_upgrade(why);
  if (surroundings_.in_place) successor_->leave();
  wanted_ = std::move(*keys);
  ++upgrades_;
  thin_memory(Clock::now() + thinning_patience, Clock::now());
}

/// Every one of these is an attempt, also of what failed before, and makes the pause before the next one longer.
void Runtime::flush_memory() {
  each_output([](OutputNode& output) {
    if (!output.sink->survives()) output.sink->flush_now();
  });
}

/// What is in memory is written while everything goes on, so that less is left for when nothing does.
void Runtime::thin_memory(Clock::time_point until, Clock::time_point flush_at) {
  if (!successor_) return;
  const auto now = Clock::now();
  if (now >= flush_at) flush_memory();
  std::uint64_t events = 0;
  each_output([&events](OutputNode& output) {
    if (!output.sink->survives()) events += output.sink->totals().buffered_events;
  });
  if (events <= few_events || now >= until) return freeze();
  const auto next = now >= flush_at ? now + flush_pause : flush_at;
  server_.call_after(poll, [this, until, next] { thin_memory(until, next); });
}

/// From here on nothing is read. What was read gets to where it is safe: acks are sent, memory is emptied.
void Runtime::freeze() {
  const auto until = Clock::now() + quiet_patience;
  server_.freeze(true);
  flush_memory();
  server_.when_quiet(until, [this, until] {
    if (!stopping_) empty_memory(false, until);
  });
}

/// What would be lost with the process: in words, for the log.
std::string Runtime::what_is_in_memory() {
  const std::int64_t parked = pipeline_->counters().parked.value();
  if (parked != 0) return cat(parked, " events wait for room in a buffer that is full");
  std::string text;
  each_output([&text](OutputNode& output) {
    if (output.sink->survives()) return;
    const std::uint64_t events = output.sink->totals().buffered_events;
    if (events == 0 || !text.empty()) return;
    text = cat(output.id, " has ", events,
               " events in memory that it can't write (a <buffer> with @type file would keep them)");
  });
  return text;
}

void Runtime::empty_memory(bool held_is_out, Clock::time_point until) {
  if (stopping_ || !successor_) return;
  const std::string left = what_is_in_memory();
  if (left.empty() && held_is_out) return hand_over();
  if (left.empty()) {
    return give_out_held([this, until] { empty_memory(true, until); });
  }
  if (Clock::now() < until) {
    return server_.call_after(poll, [this, held_is_out, until] { empty_memory(held_is_out, until); });
  }
  wanted_.clear();
  server_.freeze(false);
  refuse_upgrade(left);
}

void Runtime::give_out_held(std::function<void()> then) {
  const auto left = std::make_shared<std::size_t>(dispatchers_.size());
  for (auto& dispatcher : dispatchers_) {
    dispatcher->executor().post([this, dispatcher = dispatcher.get(), left, then] {
      dispatcher->give_out_held();
      server_.post([this, left, then] {
        if (--*left != 0) return;
        flush_memory();
        then();
      });
    });
  }
}

/// There is no way back for this run. What it leaves goes on, here or there.
void Runtime::hand_over() {
  departure_ = std::make_unique<Departure>();
  try {
    departure_->legacy.sockets = server_.offer();
  } catch (const std::exception& error) {
    departure_.reset();
    wanted_.clear();
    server_.freeze(false);
    return refuse_upgrade(error.what());
  }
  stopping_ = true;
  net::Server::keep_signals_waiting({SIGTERM, SIGINT});
  watchdog_.stop();
  if (!surroundings_.in_place) departure_->successor = std::move(successor_);
  successor_.reset();
  // A listener that the next configuration does not have has ended.
  std::erase_if(departure_->legacy.sockets, [this](const net::PassedSocket& socket) {
    const std::string end = " " + socket.where();
    return !socket.managed && std::none_of(wanted_.begin(), wanted_.end(),
                                           [&end](const net::ListenerKey& key) { return key.ends_with(end); });
  });
  deadline_ = Clock::now() + endings_patience + buffers_patience;
  server_.hand_over(wanted_, Clock::now() + endings_patience, [this](std::vector<net::HandedConnection> connections) {
    departure_->legacy.connections = std::move(connections);
    // After a signal that was heard just before they were kept waiting.
    server_.post([this] { flush_and_leave(); });
  });
}

}  // namespace logboom
