#include "cli/run.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/metrics.hpp"
#include "cli/check.hpp"
#include "cli/load_config.hpp"
#include "cli/process.hpp"
#include "cli/running_system.hpp"
#include "config/dump.hpp"
#include "pipeline/runtime.hpp"

namespace logboom {

namespace {

// Set by whoever starts a process of which nobody must see the number change, though it is not the first of its system.
constexpr const char* in_place_variable = "LOGBOOM_UPGRADE_IN_PLACE";

/// The process as the command line and `<system>` want it. Before there are threads.
std::unique_ptr<Daemon> prepare_process(const CliOptions& options, const SystemSection& system, bool takes_over,
                                        RunningSystem& running, OwnLog& log) {
  std::unique_ptr<Daemon> daemon;
  if (!options.daemon_path.empty()) {
    const std::string path = std::filesystem::absolute(options.daemon_path);
    if (system.log_path.empty()) log.warn("-d without -o: the log goes nowhere once the process is in the background");
    daemon = takes_over ? Daemon::in_background(path) : std::make_unique<Daemon>(path);
  }
  running.start();
  change_user(options.user, options.group, system.log_path);
  return daemon;
}

Surroundings surroundings_of_process(const CliOptions& options) {
  Surroundings out;
  out.predecessor = predecessor_of_process();
  out.manager = ServiceManager::of_process();
  out.sockets = net::sockets_of_service_manager();
  // What was read from there once is gone.
  if (options.inline_config != "-") out.arguments = options.arguments;
  out.in_place = ::getpid() == 1 || std::getenv(in_place_variable) != nullptr;
  return out;
}

/// One process's runs: a new one begins where nobody has taken over what the one before has left.
class Runs {
 public:
  Runs(const CliOptions& options, const Registry& registry, OwnLog& log, Surroundings& surroundings)
      : options_(options), registry_(registry), log_(log), surroundings_(surroundings) {
    parse_.warn = [&own = log](const SourcePos& pos, const std::string& message) {
      own.warn(cat(pos.to_string(), ": ", message));
    };
  }

  int run() {
    now_ = load_config(options_, parse_);
    running_ = std::make_unique<RunningSystem>(options_, now_.system, log_);
    daemon_ = prepare_process(options_, now_.system, surroundings_.predecessor != nullptr, *running_, log_);
    surroundings_.on_take_over = [this] {
      if (daemon_) daemon_->ready();
    };
    log_.info(cat("logboom " LOGBOOM_VERSION " starts with ", options_.config_path));
    if (!now_.system.suppress_config_dump) log_.debug(cat("the configuration:\n", dump(now_.root)));
    for (;;) {
      if (const std::optional<int> status = run_once()) return *status;
    }
  }

 private:
  std::optional<int> run_once() {
    MetricsRegistry metrics;
    Pipeline::Context context{registry_, log_, metrics, now_.system.settings, 1, parse_.warn};
    context.dead_letters_limit = now_.system.dead_letters_limit;
    auto runtime = std::make_unique<Runtime>(now_.root, std::move(context), log_, metrics, surroundings_,
                                             [this] { return load_again(); });
    if (daemon_ && !surroundings_.predecessor) daemon_->ready();
    const int status = runtime->run();
    const std::unique_ptr<Departure> departure = runtime->departure();
    if (!departure) return status;
    // What it has locked must be free for the next one; a write that does not come back holds on to it until the end.
    if (departure->stuck) static_cast<void>(runtime.release());
    runtime.reset();
    if (leave(*departure))
      departure->stuck ? ::_exit(0) : void();
    else if (departure->stuck)
      ::_exit(1);
    else
      return go_on(*departure);
    return 0;
  }

  /// False where nobody goes on with it.
  bool leave(Departure& departure) {
    std::string why;
    if (!departure.successor) {
      why = become(surroundings_.arguments, surroundings_.manager, departure.legacy);
    } else if (departure.successor->take(departure.legacy, departure.stuck, why)) {
      surroundings_.manager.hand_over_to(departure.successor->pid());
      departure.successor->go();
      if (daemon_) daemon_->leave();
      log_.info("another process has taken over, this one ends");
      return true;
    }
    log_.error(cat("the upgrade is given up: ", why, "; this process goes on"));
    return false;
  }

  std::optional<int> go_on(Departure& departure) {
    departure.successor.reset();
    surroundings_.predecessor = predecessor_of(std::move(departure.legacy));
    return std::nullopt;
  }

  NewConfig load_again() {
    auto again = std::make_shared<LoadedConfig>(load_config(options_, parse_));
    const auto take = [this, again] {
      running_->change(again->system);
      now_ = *again;
      if (!now_.system.suppress_config_dump) log_.debug(cat("the configuration:\n", dump(now_.root)));
    };
    return {again->root, again->system.settings, take};
  }

  const CliOptions& options_;
  const Registry& registry_;
  OwnLog& log_;
  Surroundings& surroundings_;
  ParseOptions parse_;
  LoadedConfig now_;
  std::unique_ptr<RunningSystem> running_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace

int run_pipeline(const CliOptions& options, const Registry& registry, OwnLog& log) {
  for (const std::string& warning : options.warnings) log.warn(warning);
  if (options.dry_run) return dry_run(options, registry, log);
  Surroundings surroundings = surroundings_of_process(options);
  try {
    return Runs(options, registry, log, surroundings).run();
  } catch (const NotNeeded&) {
    return 0;
  } catch (const std::exception& error) {
    if (surroundings.predecessor) surroundings.predecessor->refuse(error.what());
    throw;
  }
}

}  // namespace logboom
