#include <cerrno>
#include <system_error>

#include <nlohmann/json.hpp>

#include "admin/control.hpp"

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_answer = std::size_t{256} << 20;

LineSocket reach(const std::string& path) {
  try {
    return LineSocket::connect(path);
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    if (code == ENOENT || code == ECONNREFUSED) throw NobodyThere("no logboom listens on " + path);
    throw;
  }
}

}  // namespace

std::string ask_process(const std::string& path, const std::string& command, const std::string& arguments,
                        const std::function<void(const std::string&)>& progress) {
  constexpr auto never = LineSocket::Clock::time_point::max();
  LineSocket socket = reach(path);
  const auto deadline = LineSocket::Clock::now() + ControlServer::patience;
  if (!socket.write_line(cat("{\"command\":", Json(command).dump(), ",\"arguments\":", arguments, "}"), deadline))
    throw std::runtime_error("the process at " + path + " takes no commands");
  while (const std::optional<std::string> line = socket.read_line(longest_answer, never)) {
    const Json answer = Json::parse(*line, nullptr, false);
    if (answer.contains("result")) return answer["result"].dump();
    if (answer.contains("error")) throw std::runtime_error(answer["error"].get<std::string>());
    if (answer.contains("progress") && progress) progress(answer["progress"].dump());
  }
  throw std::runtime_error("the process at " + path + " has hung up: it ends, or has ended");
}

}  // namespace logboom
