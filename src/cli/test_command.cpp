#include "cli/test_command.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/case_run.hpp"

namespace logboom {

namespace {

namespace fs = std::filesystem;

std::string name_of(const fs::path& folder, const fs::path& root) {
  const std::string name = fs::relative(folder, root).string();
  return name == "." ? fs::canonical(folder).filename().string() : name;
}

void print(const CaseResult& result, std::ostream& out) {
  out << (result.passed() ? (result.updated ? "updated " : "ok      ") : "FAILED  ") << result.name << "\n";
  if (!result.error.empty()) out << "  " << result.error << "\n";
  for (const CaseResult::Difference& difference : result.differences) {
    out << "  " << difference.of << ": (- expected, + came)\n";
    for (const std::string& line : difference.lines) out << "    " << line << "\n";
  }
  out.flush();
}

nlohmann::ordered_json json_of(const CaseResult& result) {
  nlohmann::ordered_json out{{"name", result.name},
                             {"status", result.passed() ? (result.updated ? "updated" : "passed") : "failed"}};
  if (!result.error.empty()) out["error"] = result.error;
  for (const CaseResult::Difference& difference : result.differences)
    out["differences"].push_back({{"of", difference.of}, {"lines", difference.lines}});
  return out;
}

}  // namespace

int test_command(const CliOptions& options, const Registry& registry, std::ostream& out) {
  const fs::path root = options.test_folder;
  if (!fs::is_directory(root)) throw CliError(cat(options.test_folder, " is no folder"));
  // What is expected must not depend on where it runs.
  ::setenv("TZ", "UTC", 0);
  ::tzset();
  std::size_t failed = 0;
  const std::vector<fs::path> cases = find_cases(root);
  auto results = nlohmann::ordered_json::array();
  for (const fs::path& folder : cases) {
    CaseResult result = run_case(folder, options.update, options, registry);
    result.name = name_of(folder, root);
    if (!result.passed()) ++failed;
    if (options.json) {
      results.push_back(json_of(result));
    } else {
      print(result, out);
    }
  }
  if (options.json) {
    const nlohmann::ordered_json all{
        {"cases", cases.size()}, {"passed", cases.size() - failed}, {"failed", failed}, {"results", results}};
    out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else if (cases.empty()) {
    out << options.test_folder << ": no folder with a fluent.conf and an input.jsonl\n";
  } else {
    out << cases.size() - failed << " of " << cases.size() << " cases passed\n";
  }
  return failed == 0 && !cases.empty() ? 0 : 1;
}

}  // namespace logboom
