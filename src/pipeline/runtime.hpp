#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/control.hpp"
#include "admin/state_folder.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "net/server.hpp"
#include "output/dead_letter_store.hpp"
#include "pipeline/direct_delivery.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/ledger.hpp"
#include "pipeline/own_events.hpp"
#include "pipeline/pipeline.hpp"

namespace logboom {

/// A configuration that was read for a reload.
struct NewConfig {
  Element root;
  SystemSettings settings;
  /// Makes the process and its log what `<system>` says. Throws std::exception, having changed nothing, where it can't.
  std::function<void()> take;
};
/// Reads the configuration anew. Throws ConfigError.
using ConfigLoader = std::function<NewConfig()>;

/// What came of a reload.
struct ReloadResult {
  bool done = false;
  std::vector<std::string> errors;  // where it was refused
};

/// A pipeline that runs: its workers, its listeners, the signals, reloads, and the orderly end.
class Runtime {
 public:
  /// Without a loader there are no reloads.
  Runtime(const Element& root, Pipeline::Context context, OwnLog& log, MetricsRegistry& metrics,
          ConfigLoader load = {});
  ~Runtime();

  /// Listens, and runs until a signal ends it. Returns the exit status. Throws std::exception where it can't start.
  int run();
  /// Takes a new configuration if nothing is wrong with it; else everything stays as it is. On the main thread.
  ReloadResult reload();

 private:
  using Clock = std::chrono::steady_clock;

  void on_signal(int signal);
  void connect_outputs(const Pipeline& pipeline);
  void open_state(Pipeline::Context& context);
  void start_control();
  void start_inputs(const Pipeline& pipeline);
  void start_input(const std::shared_ptr<InputNode>& input);
  std::shared_ptr<Pipeline> build_next(const NewConfig& config);
  void set_going(const Pipeline* next);
  Dispatcher::Heirs heirs_of(const Pipeline& next) const;
  void switch_to(std::shared_ptr<Pipeline> next);
  void warn_of_restart(const SystemSettings& wanted) const;
  void bury(std::unique_ptr<Node> node);
  void take_buried();
  void let_go(OutputNode& output);
  void each_output(const std::function<void(OutputNode&)>& call);
  void shut_down();
  void flush_and_leave();
  void finish_routing();
  void reopen();
  void print_counters();
  void print_summary(bool clean);

  OwnLog& log_;
  MetricsRegistry& metrics_;
  ConfigLoader load_;
  std::unique_ptr<StateFolder> state_;  // null without root_dir, or where another process has it
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<DeadLetterStore> dead_letters_;  // where there is a state folder
  RunningOutputs running_outputs_;
  std::unique_ptr<ControlServer> control_;  // where there is a state folder; while it runs
  net::Server server_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Node>> buried_;       // by any thread
  std::list<std::unique_ptr<OutputNode>> leaving_;  // outputs of no pipeline that still write what they have
  /// Events that outputs left in buffers of theirs that survive, where others have found them.
  std::uint64_t handed_over_ = 0;
  WayBack way_back_;
  std::shared_ptr<Pipeline> pipeline_;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
  OwnEvents own_events_;
  Clock::time_point deadline_{};
  bool stopping_ = false;
  int status_ = 0;
};

}  // namespace logboom
