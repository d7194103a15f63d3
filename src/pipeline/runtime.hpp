#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "admin/control.hpp"
#include "admin/service_manager.hpp"
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
#include "pipeline/predecessor.hpp"
#include "pipeline/successor.hpp"
#include "pipeline/watchdog.hpp"

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

/// What a process has from outside, and how another one is started in its place.
struct Surroundings {
  ServiceManager manager;
  net::PassedSockets sockets;
  std::unique_ptr<Predecessor> predecessor;  // whose place the next run takes, until it has; null: nobody's
  std::vector<std::string> arguments;        // of the command line; empty: there are no upgrades
  bool in_place = false;                     // the process itself becomes the new program
  std::function<void()> on_take_over;        // when a run has taken a place; may be empty
};

/// What is left of a run that another one is to go on with, when everything else of it is gone.
struct Departure {
  std::unique_ptr<Successor> successor;  // null: in place
  net::Legacy legacy;
  bool stuck = false;  // some write does not come back: the runtime must not be destroyed, nobody can go on here
};

/// What came of a reload.
struct ReloadResult {
  bool done = false;
  std::vector<std::string> errors;  // where it was refused
};

/// A pipeline that runs: its workers, its listeners, the signals, reloads, and the orderly end.
class Runtime {
 public:
  /// Without a loader there are no reloads. `surroundings` outlive it; where they name a predecessor, the run takes its
  /// place.
  Runtime(const Element& root, Pipeline::Context context, OwnLog& log, MetricsRegistry& metrics,
          Surroundings& surroundings, ConfigLoader load = {});
  ~Runtime();

  /// Listens, and runs until a signal ends it. Returns the exit status. Throws std::exception where it can't start.
  int run();
  /// After `run`: where an upgrade has ended it, what the next one needs; else null.
  std::unique_ptr<Departure> departure() { return std::move(departure_); }
  /// Takes a new configuration if nothing is wrong with it; else everything stays as it is. On the main thread.
  ReloadResult reload();

 private:
  using Clock = std::chrono::steady_clock;

  void on_signal(int signal);
  void connect_outputs(const Pipeline& pipeline);
  void plan_state(Pipeline::Context& context);
  void open_state();
  void start_all();
  void take_over();
  void look_at_passed_sockets() const;
  std::string status_text() const;
  void upgrade();
  void refuse_upgrade(const std::string& why);
  void watch_successor(std::uint64_t number);
  void on_prepared();
  void flush_memory();
  void thin_memory(Clock::time_point until, Clock::time_point flush_at);
  void freeze();
  void empty_memory(bool held_is_out, Clock::time_point until);
  std::string what_is_in_memory();
  void give_out_held(std::function<void()> then);
  void hand_over();
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
  Surroundings& surroundings_;
  ConfigLoader load_;
  std::string root_dir_;
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
  Watchdog watchdog_;
  std::unique_ptr<Successor> successor_;  // while an upgrade is under way
  std::uint64_t upgrades_ = 0;
  std::set<net::ListenerKey> wanted_;  // by the successor
  std::unique_ptr<Departure> departure_;
  Clock::time_point deadline_{};
  bool stopping_ = false;
  int status_ = 0;
};

}  // namespace logboom
