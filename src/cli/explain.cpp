#include "cli/explain.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <ostream>
#include <set>

#include <logboom/json_reader.hpp>

#include "base/metrics.hpp"
#include "cli/explain_text.hpp"
#include "cli/load_config.hpp"
#include "pipeline/explain.hpp"
#include "pipeline/no_log.hpp"

namespace logboom {

namespace {

constexpr int exit_unmatched = 3;

// As Docker's fluentd log driver sends it.
constexpr std::string_view docker_record =
    R"({"container_id":"4c5b7f1d2e3a4c5b7f1d2e3a4c5b7f1d2e3a4c5b7f1d2e3a4c5b7f1d2e3a4c5b",)"
    R"("container_name":"/example","source":"stdout","log":"a line of the log"})";

/// As long as one lives, what filters print goes nowhere: stdout is the explanation's.
class Silence {
 public:
  Silence() : stdout_(::dup(STDOUT_FILENO)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    ::dup2(nowhere, STDOUT_FILENO);
    ::close(nowhere);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (stdout_ < 0) return;
    ::dup2(stdout_, STDOUT_FILENO);
    ::close(stdout_);
  }

 private:
  int stdout_;
};

EventTime now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return {seconds.count(), static_cast<std::uint32_t>(std::chrono::nanoseconds(since - seconds).count())};
}

std::string record_bytes(std::string_view json) {
  OutBuffer bytes;
  JsonError error;
  if (!JsonReader().read(json, bytes, error)) throw CliError(cat("--record: ", error.message));
  if (msgpack::type_of(static_cast<std::uint8_t>(bytes.text().front())) != msgpack::Type::map)
    throw CliError("--record: expected a JSON object");
  return std::string(bytes.text());
}

/// The label that is asked for, or that of the source that is; else that of all sources, if they have the same.
std::string start_label(const CliOptions& options, const Pipeline& pipeline) {
  if (!options.explain_label.empty()) {
    const std::string label = options.explain_label == "@ROOT" ? std::string() : options.explain_label;
    if (!pipeline.router().has_label(label)) throw CliError(cat("--label: there is no <label ", label, ">"));
    return label;
  }
  std::set<std::string> labels;
  std::string ids;
  for (const auto& input : pipeline.inputs()) {
    if (input->id == options.explain_source) return input->label;
    labels.insert(input->label);
    ids += (ids.empty() ? "" : ", ") + input->id;
  }
  if (!options.explain_source.empty())
    throw CliError(cat("--source: there is no source '", options.explain_source, "'; there are: ", ids));
  return labels.size() == 1 ? *labels.begin() : std::string();
}

/// The event and its way, as JSON.
nlohmann::ordered_json explained(const CliOptions& options, const Registry& registry, const LoadedConfig& config,
                                 const ParseOptions& parse) {
  const Silence silence;
  NoLog log;
  MetricsRegistry metrics;
  const Pipeline pipeline(config.root, {registry, log, metrics, config.system.settings, 1, parse.warn});
  const std::string json = options.explain_record.empty() ? std::string(docker_record) : options.explain_record;
  const ExplainedEvent event{start_label(options, pipeline), options.explain_tag, now(), record_bytes(json)};
  const Explanation explanation = explain(pipeline, config.root, event);
  return {{"tag", event.tag},
          {"label", event.label},
          {"record", nlohmann::ordered_json::parse(json, nullptr, false)},
          {"unmatched", explanation.unmatched},
          {"path", explanation.path}};
}

}  // namespace

int explain_command(const CliOptions& options, const Registry& registry, std::ostream& out) {
  ParseOptions parse;
  parse.warn = [](const SourcePos&, const std::string&) {};
  const LoadedConfig config = load_config(options, parse);
  const nlohmann::ordered_json result = explained(options, registry, config, parse);
  if (options.json) {
    out << result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    write_explanation(result, out);
  }
  return result.at("unmatched").get<bool>() ? exit_unmatched : 0;
}

}  // namespace logboom
