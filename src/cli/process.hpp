#pragma once

#include <memory>
#include <string>

namespace logboom {

/// What `ps` and `top` show: the command line becomes `name`, as far as there is room.
void set_process_name(const std::string& name);

/// Goes on as another user and group, each a name or a number; empty: the user's own group, or no change. The log's
/// file, if any, is given to them first. Ports below 1024 stay possible. Throws std::runtime_error.
void change_user(const std::string& user, const std::string& group, const std::string& log_path);

/// The process in the background, for as long as this lives.
class Daemon {
 public:
  /// Only the new process returns from here; the old one waits for ready(), and then ends with 0, or with 1 when the
  /// new one ends before. Writes the process's number to the file. To be called while there is one thread. Throws
  /// std::runtime_error.
  explicit Daemon(std::string pid_path);
  /// The process is in the background already, in the place of another one; the file is written by `ready`.
  static std::unique_ptr<Daemon> in_background(std::string pid_path);
  /// Removes the file with the process's number.
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// From now on stderr leads nowhere, too. Throws std::runtime_error.
  void ready();
  /// Another process takes this one's place, and has the file.
  void leave() noexcept { pid_path_.clear(); }

 private:
  Daemon() = default;
  void write_number() const;

  std::string pid_path_;      // of a file that is ours
  std::string waiting_path_;  // of one that will be
  int parent_ = -1;
};

}  // namespace logboom
