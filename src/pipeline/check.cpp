#include "pipeline/check.hpp"

#include <utility>

#include "base/metrics.hpp"
#include "pipeline/lint.hpp"
#include "pipeline/no_log.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/system.hpp"

namespace logboom {

namespace {

/// The part in "(did you mean 'x'?)", if there is one.
std::string nearness_in(const std::string& message) {
  const std::size_t begin = message.find("did you mean ");
  if (begin == std::string::npos) return {};
  return message.substr(begin, message.find(')', begin) - begin);
}

}  // namespace

Problem problem_of(const ConfigError& error) {
  return {Severity::error, error.pos(), error.message(), nearness_in(error.message()),
          error.rule().empty() ? "configuration" : error.rule()};
}

Problem warning_problem(const SourcePos& pos, std::string message) {
  const auto has = [&message](std::string_view part) { return message.find(part) != std::string::npos; };
  std::string rule = "configuration";
  if (message.starts_with("unknown parameter")) {
    rule = "unknown-parameter";
  } else if (message.starts_with("unknown section") || has("> is unknown here")) {
    rule = "unknown-section";
  } else if (has("no effect")) {
    rule = "no-effect";
  }
  std::string suggestion = nearness_in(message);
  return {Severity::warning, pos, std::move(message), std::move(suggestion), std::move(rule)};
}

std::vector<Problem> check_configuration(const Element& root, const Registry& registry) {
  std::vector<Problem> problems;
  const WarnFn warn = [&problems](const SourcePos& pos, std::string message) {
    problems.push_back(warning_problem(pos, std::move(message)));
  };
  NoLog log;
  MetricsRegistry metrics;
  ConfigErrorCollector errors;
  SystemSection system;
  errors.attempt([&] { system = read_system(root, warn); });
  errors.attempt([&] { const Pipeline pipeline(root, {registry, log, metrics, system.settings, 1, warn}); });
  for (const ConfigError& error : errors.take()) problems.push_back(problem_of(error));
  for (Problem& problem : lint(root, registry)) problems.push_back(std::move(problem));
  sort_problems(problems);
  return problems;
}

}  // namespace logboom
