#pragma once

#include <string>

namespace logboom {

/// A process's claim to a state directory, so that two don't write there at the same time. Ends with the process,
/// whatever ends it. Threads: one.
class StateFolder {
 public:
  /// Makes the folder if it is not there. Throws std::system_error where that can't be done, and std::runtime_error
  /// where another process has it.
  explicit StateFolder(const std::string& root_dir);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

 private:
  int lock_ = -1;
};

/// Where a process with this state directory listens for commands.
std::string control_path(const std::string& root_dir);

}  // namespace logboom
