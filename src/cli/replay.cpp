#include "cli/replay.hpp"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "admin/control.hpp"
#include "cli/moments.hpp"
#include "cli/state.hpp"

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

constexpr int exit_failed = 1;
constexpr int exit_nobody_there = 2;

std::string arguments_of(const ReplayOptions& options) {
  if (options.to.empty() && !options.dry_run) throw CliError("replay: say where to, with --to ID, or --dry-run");
  Json out{{"from", options.from}, {"to", options.to},           {"tag", options.tag},
           {"rate", options.rate}, {"dry_run", options.dry_run}, {"since", moment_of(options.since, "--since")}};
  if (!options.until.empty()) out["until"] = moment_of(options.until, "--until");
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string count_of(const Json& state, const char* key) { return count_text(state.at(key).get<std::int64_t>()); }

void write_progress(const Json& state, std::ostream& notes) {
  const auto bytes = state.at("bytes").get<std::uint64_t>();
  const auto read = state.at("bytes_read").get<std::uint64_t>();
  notes << (bytes == 0 ? 100 : std::min<std::uint64_t>(100, read * 100 / bytes)) << " % read, "
        << count_of(state, "events") << " events found, " << count_of(state, "sent") << " sent\n";
}

void write_result(const Json& state, bool dry_run, std::ostream& out) {
  for (const auto& [tag, events] : state.at("tags").items()) {
    out << tag << ": " << count_text(events.get<std::int64_t>()) << "\n";
  }
  out << count_of(state, "events") << " events"
      << (dry_run ? " would be sent\n" : ", " + count_of(state, "sent") + " sent\n");
  if (state.at("damaged") != 0) out << count_of(state, "damaged") << " events at least are damaged and were left out\n";
}

}  // namespace

int replay_command(const CliOptions& options, std::ostream& out, std::ostream& notes) {
  const std::string arguments = arguments_of(options.replay);
  const auto progress = [&notes](const std::string& json) { write_progress(Json::parse(json), notes); };
  try {
    const std::string result = ask_process(socket_of(options), "replay", arguments, progress);
    const Json state = Json::parse(result);
    if (options.json) {
      out << result << "\n";
    } else {
      write_result(state, options.replay.dry_run, out);
    }
    const bool all_sent = options.replay.dry_run || state.at("sent") == state.at("events");
    return all_sent && state.at("damaged") == 0 ? 0 : exit_failed;
  } catch (const NobodyThere& error) {
    notes << "logboom: " << error.what() << "; events are sent again by a process that runs\n";
    return exit_nobody_there;
  }
}

}  // namespace logboom
