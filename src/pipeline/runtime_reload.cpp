#include <algorithm>

#include "pipeline/runtime.hpp"

// From one configuration to the next.
namespace logboom {

namespace {

// How long the connections of a source that was removed may take to end.
constexpr std::chrono::seconds orphans_patience{4};

}  // namespace

ReloadResult Runtime::reload() {
  ReloadResult result;
  if (stopping_ || successor_ || !load_) {
    result.errors.emplace_back(stopping_    ? "logboom is stopping"
                               : successor_ ? "a new process is about to take over: reload that"
                                            : "there is nothing to read the configuration from");
    if (successor_) log_.error(result.errors.back());
    return result;
  }
  surroundings_.manager.reloading();
  server_.refresh_certificates();
  try {
    const NewConfig config = load_();
    std::shared_ptr<Pipeline> next = build_next(config);
    warn_of_restart(config.settings);
    switch_to(std::move(next));
    result.done = true;
  } catch (const ConfigError& error) {
    ConfigErrorCollector all;
    all.add(error);
    for (const ConfigError& each : all.take()) {
      result.errors.emplace_back(cat("config error: ", std::string_view(each.what())));
    }
  } catch (const std::exception& error) {
    result.errors.emplace_back(error.what());
  }
  surroundings_.manager.ready(result.done ? status_text() : cat(status_text(), "; the last reload was refused"));
  for (const std::string& error : result.errors) log_.error(error);
  if (!result.done) log_.error("the reload is refused: the configuration that runs stays as it is");
  return result;
}

/// The whole pipeline, with everything open and started that is new in it, and the running one untouched.
std::shared_ptr<Pipeline> Runtime::build_next(const NewConfig& config) {
  Pipeline::Context context = pipeline_->context();
  ++context.generation;
  context.system.file_permission = config.settings.file_permission;
  context.system.dir_permission = config.settings.dir_permission;
  context.system.decompression_budget = config.settings.decompression_budget;
  context.system.connection_memory = config.settings.connection_memory;
  auto next = std::make_shared<Pipeline>(config.root, std::move(context), pipeline_.get());
  connect_outputs(*next);
  try {
    next->start_outputs();
    set_going(next.get());
    start_inputs(*next);
    config.take();
  } catch (...) {
    set_going(nullptr);
    throw;
  }
  return next;
}

/// Inputs that the next pipeline does not have give their addresses away; without a next pipeline none do.
void Runtime::set_going(const Pipeline* next) {
  for (const auto& input : pipeline_->inputs()) input->host->set_going(next != nullptr && !next->has(*input));
}

/// A changed input's heir has its identity, or listens where it did.
Dispatcher::Heirs Runtime::heirs_of(const Pipeline& next) const {
  Dispatcher::Heirs heirs;
  for (const auto& input : pipeline_->inputs()) {
    if (next.has(*input)) continue;
    const auto is_heir = [&input](const std::shared_ptr<InputNode>& other) {
      return other->identity == input->identity || other->host->claimed_from().contains(input->host.get());
    };
    const auto heir = std::find_if(next.inputs().begin(), next.inputs().end(), is_heir);
    if (heir != next.inputs().end()) heirs.emplace(input.get(), *heir);
  }
  return heirs;
}

/// What has come by now, backlogs included, goes to the inputs that it came to; the workers take over one by one, and
/// each accepts for the new inputs after it did.
void Runtime::switch_to(std::shared_ptr<Pipeline> next) {
  const auto heirs = std::make_shared<const Dispatcher::Heirs>(heirs_of(*next));
  const std::shared_ptr<Pipeline> previous = std::exchange(pipeline_, std::move(next));
  server_.decompress_budget().resize(pipeline_->system().decompression_budget);
  server_.connection_memory().resize(pipeline_->system().connection_memory);
  for (const auto& input : previous->inputs()) {
    if (!pipeline_->has(*input)) input->host->close();
  }
  for (auto& worker : server_.workers()) {
    worker->post([dispatcher = dispatchers_[worker->index()].get(), next = pipeline_, heirs] {
      dispatcher->swap(next, *heirs);
    });
  }
  for (const auto& input : pipeline_->inputs()) input->host->begin();
  for (auto& worker : server_.workers()) worker->end_outlived(Clock::now() + orphans_patience);
  pipeline_->replace(*previous);
  running_outputs_.follow(pipeline_);
  own_events_.follow(*pipeline_);
  const auto kept = [&previous](const auto& nodes) {
    return std::count_if(nodes.begin(), nodes.end(), [&previous](const auto& node) { return previous->has(*node); });
  };
  const auto all = pipeline_->inputs().size() + pipeline_->filters().size() + pipeline_->outputs().size();
  log_.info(cat("reloaded: ", kept(pipeline_->inputs()) + kept(pipeline_->filters()) + kept(pipeline_->outputs()),
                " of ", all, " plugins are unchanged"));
}

void Runtime::warn_of_restart(const SystemSettings& wanted) const {
  const SystemSettings& running = pipeline_->system();
  std::string names;
  const auto compare = [&names](const char* name, bool same) {
    if (!same) names.append(names.empty() ? "" : ", ").append(name);
  };
  compare("workers", wanted.workers == running.workers);
  compare("root_dir", wanted.root_dir == running.root_dir);
  if (names.empty()) return;
  log_.warn(cat("<system>: ", names, " changed, which needs a restart; what was set at the start stays in force"));
}

/// Nobody uses the node any more, on whatever thread that was found.
void Runtime::bury(std::unique_ptr<Node> node) {
  {
    const std::lock_guard lock(mutex_);
    buried_.push_back(std::move(node));
  }
  server_.post([this] { take_buried(); });
}

/// Nodes are destroyed here, on the main thread; outputs once they have written what they have.
void Runtime::take_buried() {
  std::vector<std::unique_ptr<Node>> buried;
  {
    const std::lock_guard lock(mutex_);
    buried.swap(buried_);
  }
  for (std::unique_ptr<Node>& node : buried) {
    auto* output = dynamic_cast<OutputNode*>(node.get());
    if (output == nullptr || !output->sink) continue;
    static_cast<void>(node.release());
    leaving_.emplace_back(output);
    output->sink->drain([this, output] { server_.post([this, output] { let_go(*output); }); });
  }
}

void Runtime::let_go(OutputNode& output) {
  const auto at =
      std::find_if(leaving_.begin(), leaving_.end(), [&output](const auto& each) { return each.get() == &output; });
  if (at == leaving_.end()) return;
  output.sink->stop(Clock::now());
  handed_over_ += output.sink->totals().buffered_events;
  leaving_.erase(at);
}

}  // namespace logboom
