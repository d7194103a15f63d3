#include "pipeline/runtime.hpp"

#include "pipeline/buffer_folders.hpp"
#include "pipeline/replay.hpp"
#include "pipeline/resend.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <stdexcept>

namespace logboom {

namespace {

// How long a stop may take before what is left is counted as dropped. Writes that hang cost a second more; Docker kills
// a container ten seconds after it asked it to stop.
constexpr std::chrono::milliseconds connections_patience{3000};
constexpr std::chrono::milliseconds flush_patience{4500};

const std::vector<int> heard_signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT};

/// Each connection is a file: the usual limit of 1024 would be the number of containers.
void raise_file_limit(Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) log.debug(cat("limit of open files raised to ", limit.rlim_cur));
}

}  // namespace

Runtime::Runtime(const Element& root, Pipeline::Context context, OwnLog& log, MetricsRegistry& metrics,
                 Surroundings& surroundings, ConfigLoader load)
    : log_(log),
      metrics_(metrics),
      surroundings_(surroundings),
      load_(std::move(load)),
      server_(context.system.workers, log),
      own_events_(log, way_back_, metrics),
      watchdog_(server_, surroundings.manager) {
  plan_state(context);
  context.back = &way_back_;
  context.bury = [this](std::unique_ptr<Node> node) { bury(std::move(node)); };
  pipeline_ = std::make_shared<Pipeline>(root, std::move(context));
  server_.decompress_budget().resize(pipeline_->system().decompression_budget);
  server_.connection_memory().resize(pipeline_->system().connection_memory);
  for (auto& worker : server_.workers()) dispatchers_.push_back(std::make_unique<Dispatcher>(pipeline_, *worker));
  connect_outputs(*pipeline_);
  if (surroundings_.predecessor == nullptr && !root_dir_.empty()) name_left_buffers(*pipeline_, root_dir_, log_);
  std::vector<Dispatcher*> dispatchers;
  for (auto& dispatcher : dispatchers_) dispatchers.push_back(dispatcher.get());
  way_back_.open(std::move(dispatchers));
}

Runtime::~Runtime() {
  control_.reset();
  ledger_->workers_end();
  for (auto& worker : server_.workers()) worker->stop_and_join();
  way_back_.close();
}

/// The state directory, which serves one process: that of a predecessor is opened when that has let go of it.
void Runtime::plan_state(Pipeline::Context& context) {
  root_dir_ = context.system.root_dir;
  ledger_ = std::make_unique<Ledger>(std::string(), log_);
  const bool takes_over = surroundings_.predecessor != nullptr;
  if (!takes_over) open_state();
  if (state_ || (takes_over && !root_dir_.empty())) {
    dead_letters_ = std::make_unique<DeadLetterStore>(root_dir_, context.dead_letters_limit, log_);
  }
  context.dead_letters = dead_letters_.get();
}

/// Without it counts begin at 0, and there is nowhere to ask for them.
void Runtime::open_state() {
  if (root_dir_.empty()) return;
  try {
    state_ = std::make_unique<StateFolder>(root_dir_);
    ledger_->open(root_dir_);
  } catch (const std::exception& error) {
    log_.warn(cat("root_dir: ", std::string_view(error.what()), "; there is no ledger, and no commands are answered"));
  }
}

void Runtime::start_control() {
  std::vector<Dispatcher*> dispatchers;
  for (auto& dispatcher : dispatchers_) dispatchers.push_back(dispatcher.get());
  ledger_->start(std::move(dispatchers));
  if (!state_) return;
  running_outputs_.follow(pipeline_);
  metrics_.counter("logboom_input_events_total", {{"id", "sent_again"}, {"type", "sent_again"}}, ledger_->carried());
  const std::string root_dir = pipeline_->system().root_dir;
  const ResendContext context{root_dir, *dead_letters_, running_outputs_, *ledger_};
  std::map<std::string, ControlCommand> commands;
  commands["ledger"] = [this](const std::string&, ControlCaller&) { return to_json(ledger_->read()); };
  commands["dlq.resend"] = [context](const std::string& arguments, ControlCaller& caller) {
    return resend(context, arguments, caller);
  };
  commands["replay"] = [this](const std::string& arguments, ControlCaller& caller) {
    return replay({running_outputs_, *ledger_}, arguments, caller);
  };
  try {
    control_ = std::make_unique<ControlServer>(control_path(root_dir), std::move(commands));
  } catch (const std::exception& error) {
    log_.warn(cat("no commands are answered: ", std::string_view(error.what())));
  }
}

void Runtime::connect_outputs(const Pipeline& pipeline) {
  for (const auto& output : pipeline.outputs()) {
    if (!output->sink || output->started) continue;
    output->counted = ledger_->enter(output->id, *output->sink);
    output->sink->set_on_space([this] {
      for (auto& dispatcher : dispatchers_) dispatcher->space();
    });
  }
}

int Runtime::run() {
  raise_file_limit(log_);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  server_.on_signals(heard_signals, [this](int signal) { on_signal(signal); });
  server_.passed_sockets() = std::move(surroundings_.sockets);
  if (surroundings_.predecessor) {
    take_over();
  } else {
    start_all();
    for (const auto& input : pipeline_->inputs()) input->host->begin();
  }
  if (pipeline_->inputs().empty()) log_.warn("the configuration has no <source>: nothing will come in");
  log_.info(cat("ready, pid ", ::getpid(), ", ", server_.workers().size(), " workers"));
  surroundings_.manager.ready(status_text());
  watchdog_.start();
  server_.run();
  if (departure_) net::Server::keep_signals_waiting(heard_signals);
  return status_;
}

void Runtime::start_all() {
  pipeline_->start_outputs();
  server_.start_workers();
  own_events_.follow(*pipeline_);
  start_inputs(*pipeline_);
  look_at_passed_sockets();
  start_control();
}

std::string Runtime::status_text() const {
  return cat("running with ", pipeline_->inputs().size(), " sources and ", pipeline_->outputs().size(), " outputs");
}

/// One that is named like a source and of no use to it is a mistake; others may be for a later configuration.
void Runtime::look_at_passed_sockets() const {
  for (const net::PassedSocket& left : const_cast<net::Server&>(server_).passed_sockets().left()) {
    const bool is_meant = left.managed && std::any_of(pipeline_->inputs().begin(), pipeline_->inputs().end(),
                                                      [&left](const auto& input) { return input->id == left.name; });
    if (is_meant) {
      throw std::runtime_error(cat("the socket ", left.to_string(), " that was passed is named like the source '",
                                   left.name, "', which does not listen on one of that kind"));
    }
    log_.warn(cat("the socket ", left.to_string(),
                  " that was passed is used by no source: none has its address, and "
                  "none has its name as @id"));
  }
}

void Runtime::start_inputs(const Pipeline& pipeline) {
  for (const auto& input : pipeline.inputs()) {
    if (!input->host) start_input(input);
  }
}

void Runtime::start_input(const std::shared_ptr<InputNode>& input) {
  const std::weak_ptr<InputNode> node = input;
  const auto emitter = [this, node](net::Worker& worker) { return dispatchers_[worker.index()]->emitter(node.lock()); };
  input->host = server_.host(input->id, input->labels, *input->metrics, emitter, [node] { return node.lock(); });
  try {
    input->plugin->start(*input->host);
  } catch (const ConfigError&) {
    throw;
  } catch (const std::exception& error) {
    throw std::runtime_error(cat(input->pos.to_string(), ": ", input->id, ": ", std::string_view(error.what())));
  }
}

void Runtime::on_signal(int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT: return shut_down();
    case SIGUSR1: return reopen();
    case SIGUSR2: return upgrade();
    case SIGCONT: return print_counters();
    default: static_cast<void>(reload());
  }
}

/// Every output with a sink, also those that are on their way out.
void Runtime::each_output(const std::function<void(OutputNode&)>& call) {
  for (const auto& output : pipeline_->outputs()) {
    if (output->sink) call(*output);
  }
  for (const auto& output : leaving_) call(*output);
}

/// First the connections, each as its protocol asks; then the buffers.
void Runtime::shut_down() {
  if (std::exchange(stopping_, true)) {
    // It waits for whoever goes on.
    if (departure_) std::raise(SIGTERM);
    return;
  }
  if (std::exchange(successor_, nullptr)) server_.freeze(false);
  watchdog_.stop();
  surroundings_.manager.stopping();
  log_.info("stopping: taking what has arrived, then writing what is buffered");
  deadline_ = Clock::now() + connections_patience + flush_patience;
  each_output([](OutputNode& output) { output.sink->expect_stop(); });
  server_.shut_down(Clock::now() + connections_patience, [this] { flush_and_leave(); });
}

void Runtime::flush_and_leave() {
  control_.reset();
  ledger_->workers_end();
  for (auto& worker : server_.workers()) worker->stop_and_join();
  way_back_.workers_ended(deadline_);
  finish_routing();
  take_buried();
  bool clean = true;
  bool stuck = false;
  const auto deadline_of = [this](const OutputNode& output) {
    // What the next process finds again need not be written now.
    const bool keep = departure_ && output.sink->survives();
    return keep ? Clock::now() : deadline_;
  };
  const auto stop = [&](OutputNode& output) {
    const Stopped stopped = output.sink->stop(deadline_of(output));
    clean = clean && stopped == Stopped::clean;
    stuck = stuck || stopped == Stopped::stuck;
  };
  // First those that send events on, while the others still take them, and write what the connections' last words were.
  const auto each_last = [this](const auto& call) {
    each_output([&call](OutputNode& output) { output.back == nullptr ? call(output) : void(); });
  };
  if (!departure_) each_last([](OutputNode& output) { output.sink->expect_stop(); });
  each_output([&](OutputNode& output) { output.back != nullptr ? stop(output) : void(); });
  way_back_.close();
  finish_routing();
  each_last([&](OutputNode& output) { output.sink->begin_stop(deadline_of(output)); });
  each_last(stop);
  ledger_->finish();
  print_summary(clean);
  if (departure_) departure_->stuck = stuck;
  if (stuck && !departure_) ::_exit(0);
  server_.stop();
}

void Runtime::finish_routing() {
  for (auto& dispatcher : dispatchers_) dispatcher->finish(deadline_ - flush_patience);
}

void Runtime::reopen() {
  log_.reopen();
  each_output([](OutputNode& output) {
    output.sink->reopen();
    output.sink->flush_now();
  });
  log_.info("SIGUSR1: writing what is buffered, opening files anew");
}

void Runtime::print_counters() {
  std::size_t count = 0;
  metrics_.visit([this, &count](const Metrics::Sample& sample) {
    log_.info(sample_line(sample));
    ++count;
  });
  log_.info(cat("counters: ", count, " in all"));
}

void Runtime::print_summary(bool clean) {
  std::map<std::string, std::int64_t, std::less<>> sums;
  metrics_.visit([&sums](const Metrics::Sample& sample) { sums[sample.name] += sample.value; });
  const std::int64_t dropped_at_input = sums["logboom_input_dropped_events_total"];
  std::uint64_t recovered = 0;
  each_output([&recovered](OutputNode& output) { recovered += output.sink->totals().recovered; });
  log_.info(cat(
      "summary: received=", sums["logboom_input_events_total"] + dropped_at_input,
      " recovered=", recovered - std::min(recovered, handed_over_), " made=", sums["logboom_routing_made_events_total"],
      " delivered=", sums["logboom_output_delivered_events_total"], " filtered=",
      sums["logboom_routing_filtered_events_total"], " merged=", sums["logboom_routing_merged_events_total"],
      " unmatched=", sums["logboom_routing_unmatched_events_total"], " dropped=",
      dropped_at_input + sums["logboom_routing_dropped_events_total"] + sums["logboom_output_dropped_events_total"],
      " buffered=", sums["logboom_output_buffered_events"]));
  if (!clean)
    log_.error(
        "not everything that was buffered could be written in time: see the lines above, and dropped in the summary");
}

}  // namespace logboom
