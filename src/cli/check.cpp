#include "cli/check.hpp"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/load_config.hpp"
#include "pipeline/check.hpp"

namespace logboom {

namespace {

/// That a parameter is missing says nothing where its value could not be read.
void drop_consequences(std::vector<Problem>& problems, const std::vector<ConfigError>& refused) {
  const auto same_line = [](const SourcePos& a, const SourcePos& b) {
    return a.line == b.line && a.file && b.file && *a.file == *b.file;
  };
  std::erase_if(problems, [&](const Problem& problem) {
    return problem.rule == "missing-parameter" &&
           std::any_of(refused.begin(), refused.end(),
                       [&](const ConfigError& error) { return same_line(error.pos(), problem.pos); });
  });
}

std::vector<Problem> problems_of(const CliOptions& options, const Registry& registry) {
  std::vector<Problem> problems;
  ParseOptions parse;
  parse.warn = [&problems](const SourcePos& pos, std::string message) {
    problems.push_back(warning_problem(pos, std::move(message)));
  };
  std::vector<ConfigError> refused;
  parse.refused = &refused;
  const auto add_syntax = [&problems](const ConfigError& error) {
    problems.push_back(problem_of(error));
    if (error.rule().empty()) problems.back().rule = "syntax";
  };
  try {
    const Element root = load_elements(options, parse);
    for (Problem& problem : check_configuration(root, registry)) problems.push_back(std::move(problem));
    drop_consequences(problems, refused);
  } catch (const ConfigError& error) {
    add_syntax(error);
  }
  for (const ConfigError& error : refused) add_syntax(error);
  sort_problems(problems);
  if (!options.strict) return problems;
  for (Problem& problem : problems) {
    if (problem.severity == Severity::warning) problem.severity = Severity::error;
  }
  return problems;
}

std::size_t count(const std::vector<Problem>& problems, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(problems.begin(), problems.end(), [&](const Problem& p) { return p.severity == severity; }));
}

std::string counted(std::size_t number, std::string_view word) {
  return cat(number, " ", word, number == 1 ? "" : "s");
}

std::string text_of(const Problem& problem) {
  std::string text = cat(problem.pos.to_string(), ": ", problem.message);
  const bool said = problem.suggestion.empty() || problem.message.find(problem.suggestion) != std::string::npos;
  return said ? text : cat(text, "; ", problem.suggestion);
}

std::string summary(const std::vector<Problem>& problems, const std::string& path) {
  if (problems.empty()) return cat(path, ": the configuration is right");
  std::string text = cat(path, ": ", counted(count(problems, Severity::error), "error"), ", ",
                         counted(count(problems, Severity::warning), "warning"));
  if (const std::size_t notes = count(problems, Severity::info); notes != 0) text += cat(", ", counted(notes, "note"));
  return text;
}

nlohmann::ordered_json json_of(const std::vector<Problem>& problems) {
  auto list = nlohmann::ordered_json::array();
  for (const Problem& problem : problems) {
    list.push_back({{"severity", severity_word(problem.severity)},
                    {"file", problem.pos.file ? *problem.pos.file : std::string()},
                    {"line", problem.pos.line},
                    {"column", problem.pos.column},
                    {"message", problem.message},
                    {"suggestion", problem.suggestion},
                    {"rule", problem.rule}});
  }
  return list;
}

}  // namespace

int check_command(const CliOptions& options, const Registry& registry, std::ostream& out) {
  const std::vector<Problem> problems = problems_of(options, registry);
  if (options.json) {
    out << json_of(problems).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    for (const Problem& problem : problems) {
      out << severity_word(problem.severity) << " " << text_of(problem) << " [" << problem.rule << "]\n";
    }
    out << summary(problems, options.config_path) << "\n";
  }
  return count(problems, Severity::error) == 0 ? 0 : 1;
}

int dry_run(const CliOptions& options, const Registry& registry, Log& log) {
  const std::vector<Problem> problems = problems_of(options, registry);
  for (const Problem& problem : problems) {
    switch (problem.severity) {
      case Severity::error: log.error(cat("config error: ", text_of(problem))); break;
      case Severity::warning: log.warn(text_of(problem)); break;
      case Severity::info: log.info(text_of(problem)); break;
    }
  }
  log.info(summary(problems, options.config_path));
  return count(problems, Severity::error) == 0 ? 0 : 1;
}

void report_errors(const ConfigError& first, const CliOptions& options, const Registry& registry, Log& log) {
  ConfigErrorCollector errors;
  errors.add(first);
  // What stdin had is read already.
  if (options.inline_config != "-") {
    for (const Problem& problem : problems_of(options, registry)) {
      if (problem.severity == Severity::error) errors.add(ConfigError(problem.pos, problem.message));
    }
  }
  for (const ConfigError& error : errors.take()) log.error(cat("config error: ", std::string_view(error.what())));
}

}  // namespace logboom
