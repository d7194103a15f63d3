#pragma once

#include "base/log.hpp"
#include "cli/options.hpp"
#include "pipeline/system.hpp"

namespace logboom {

/// The process and its log as `<system>` and the command line want them, from the start on and through reloads.
/// Threads: the main one. The references outlive it.
class RunningSystem {
 public:
  /// `system`: with what the command line says instead. The log is made so at once; throws std::runtime_error where its
  /// file can't be opened.
  RunningSystem(const CliOptions& options, SystemSection system, OwnLog& log);

  /// Sets the process's name and umask. Before there are threads.
  void start();
  /// Makes it what the next configuration says. Throws std::runtime_error, having changed nothing, where the log's file
  /// can't be opened.
  void change(const SystemSection& next);

 private:
  void move_log(const SystemSection& next);

  const CliOptions& options_;
  SystemSection now_;
  OwnLog& log_;
  unsigned first_umask_ = 0;
};

}  // namespace logboom
