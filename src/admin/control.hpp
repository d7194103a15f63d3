#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <logboom/log.hpp>

#include "admin/line_socket.hpp"

/// How commands talk to the process that runs. One request is one line of JSON, {"command": NAME, "arguments": {…}}.
/// The answer is any number of lines {"progress": {…}}, then one {"result": …} or {"error": TEXT}.
namespace logboom {

/// A command's view of who asked.
class ControlCaller {
 public:
  virtual ~ControlCaller() = default;
  /// `json` is a JSON value on one line. False where nobody listens any more.
  virtual bool progress(const std::string& json) = 0;
  /// Nobody listens any more, or the process ends: the command comes to its end soon.
  virtual bool is_over() const = 0;
};

/// Takes the arguments, a JSON object, and returns the result, a JSON value on one line. What it throws is the error.
/// Runs on a thread of its own; several may run at once.
using ControlCommand = std::function<std::string(const std::string& arguments, ControlCaller& caller)>;

/// Answers commands on a unix socket, on threads of its own. A few callers at a time; further ones are told to come
/// again.
///
/// Threads: one, for all members.
class ControlServer {
 public:
  static constexpr std::size_t most_callers = 8;
  static constexpr std::size_t longest_request = 64 * 1024;
  static constexpr std::chrono::seconds patience{10};

  /// What the commands use outlives the server. Throws std::system_error where it can't listen.
  ControlServer(const std::string& path, std::map<std::string, ControlCommand> commands);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  class Caller;
  struct Conversation {
    std::thread thread;
    std::atomic<bool> done{false};
  };

  void accept_all();
  void accept_one();
  void talk(LineSocket socket);
  std::string answer(const std::string& request, Caller& caller);

  const std::string path_;
  const std::map<std::string, ControlCommand> commands_;
  LineSocket listener_;
  int wake_;
  std::atomic<bool> stopping_{false};
  std::list<Conversation> conversations_;  // of the accepting thread
  std::thread thread_;
};

/// There is no process that answers.
class NobodyThere : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Asks the process that listens at `path`, and hands each progress, a JSON value, to `progress`. Returns the result.
/// Throws NobodyThere, or std::runtime_error with the error that was answered.
std::string ask_process(const std::string& path, const std::string& command, const std::string& arguments,
                        const std::function<void(const std::string&)>& progress = {});

}  // namespace logboom
