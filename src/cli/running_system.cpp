#include "cli/running_system.hpp"

#include <sys/stat.h>

#include <utility>

#include "cli/process.hpp"

namespace logboom {

RunningSystem::RunningSystem(const CliOptions& options, SystemSection system, OwnLog& log)
    : options_(options), now_(std::move(system)), log_(log) {
  if (!options_.log_level && now_.log_level) log_.set_level(*now_.log_level);
  log_.set_style(now_.log_style);
  if (!now_.log_path.empty()) log_.move_to_file(now_.log_path, now_.log_rotation);
}

void RunningSystem::start() {
  first_umask_ = ::umask(0);
  ::umask(now_.umask ? now_.umask->bits : first_umask_);
  if (!now_.process_name.empty()) set_process_name(now_.process_name);
}

void RunningSystem::move_log(const SystemSection& next) {
  if (next.log_path == now_.log_path && next.log_rotation == now_.log_rotation) return;
  if (next.log_path.empty()) return log_.move_to_stderr();
  log_.move_to_file(next.log_path, next.log_rotation);
}

void RunningSystem::change(const SystemSection& next) {
  move_log(next);
  log_.set_level(options_.log_level.value_or(next.log_level.value_or(LogLevel::info)));
  if (next.log_style != now_.log_style) log_.set_style(next.log_style);
  ::umask(next.umask ? next.umask->bits : first_umask_);
  if (next.process_name != now_.process_name) {
    set_process_name(next.process_name.empty() ? "logboom" : next.process_name);
  }
  now_ = next;
}

}  // namespace logboom
