#include "cli/case_run.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "cli/case_files.hpp"
#include "cli/line_diff.hpp"
#include "cli/load_config.hpp"

namespace logboom {

namespace {

namespace fs = std::filesystem;

/// While it lives, what is written to the process's stdout is kept.
class StdoutCatcher {
 public:
  StdoutCatcher() : file_(::memfd_create("stdout", MFD_CLOEXEC)), before_(::dup(STDOUT_FILENO)) {
    if (file_ < 0 || before_ < 0 || ::dup2(file_, STDOUT_FILENO) < 0)
      throw std::system_error(errno, std::generic_category(), "can't catch stdout");
  }
  StdoutCatcher(const StdoutCatcher&) = delete;
  StdoutCatcher& operator=(const StdoutCatcher&) = delete;
  ~StdoutCatcher() {
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
    ::close(file_);
  }
  std::string text() const {
    std::string out;
    std::array<char, 65536> part{};
    for (::ssize_t n = 0; (n = ::pread(file_, part.data(), part.size(), static_cast<::off_t>(out.size()))) > 0;)
      out.append(part.data(), static_cast<std::size_t>(n));
    return out;
  }

 private:
  int file_;
  int before_;
};

struct Came {
  std::vector<CaseEvent> events;
  std::string text;  // of stdout
};

fs::path config_of(const fs::path& folder) {
  for (const char* name : {"fluent.conf", "fluent.yaml", "fluent.yml"}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  return {};
}

Came rehearse(const fs::path& folder, CliOptions options, const Registry& registry) {
  const std::vector<CaseInput> inputs = read_input(folder / "input.jsonl");
  options.config_path = config_of(folder).string();
  ParseOptions parse;
  parse.warn = [](const SourcePos&, const std::string&) {};
  const LoadedConfig config = load_config(options, parse);
  const StdoutCatcher stdout_catcher;
  Came output;
  Rehearsal rehearsal(config.root, config.system.settings, registry);
  for (const CaseInput& input : inputs) {
    const std::string label = input.source.empty() ? input.label : rehearsal.label_of(input.source);
    rehearsal.put(label, input.tag, input.time, input.record);
  }
  rehearsal.finish();
  for (const Rehearsal::Event& event : rehearsal.events()) output.events.push_back(case_event(event));
  output.text = stdout_catcher.text();
  return output;
}

using Lines = std::vector<std::string>;

/// The lines for each output. `have` leaves out the time where the expected event at its place has none.
std::map<std::string, std::pair<Lines, Lines>> by_output(const std::vector<CaseEvent>& wanted,
                                                         std::vector<CaseEvent> have) {
  std::map<std::string, std::pair<Lines, Lines>> lines;
  std::map<std::string, std::vector<const CaseEvent*>> expected;
  for (const CaseEvent& event : wanted) {
    lines[event.to].first.push_back(event.line());
    expected[event.to].push_back(&event);
  }
  for (CaseEvent& event : have) {
    const std::vector<const CaseEvent*>& others = expected[event.to];
    Lines& mine = lines[event.to].second;
    if (mine.size() < others.size() && !others[mine.size()]->time) event.time.reset();
    mine.push_back(event.line());
  }
  return lines;
}

Lines lines_of(const std::string& text) {
  Lines out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  if (!text.empty() && text.back() != '\n') out.back() += " (no line end)";
  return out;
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) throw std::runtime_error(cat("can't write ", path.string()));
}

void update_case(const fs::path& folder, const Came& output, CaseResult& result) {
  std::string lines;
  for (const CaseEvent& event : output.events) lines += event.line() + "\n";
  const auto set = [&result](const fs::path& path, const std::string& text) {
    if (read_text(path) == text) return;
    write(path, text);
    result.updated = true;
  };
  const bool has_text = fs::exists(folder / "expected");
  if (has_text) set(folder / "expected", output.text);
  if (!has_text || fs::exists(folder / "expected.jsonl")) set(folder / "expected.jsonl", lines);
}

void compare(const fs::path& folder, const Came& output, CaseResult& result) {
  const std::optional<std::string> text = read_text(folder / "expected");
  const bool has_events = fs::exists(folder / "expected.jsonl");
  if (!text && !has_events) {
    result.error = "neither expected.jsonl nor expected is there; --update writes expected.jsonl";
    return;
  }
  if (has_events) {
    for (const auto& [to, lines] : by_output(read_expected(folder / "expected.jsonl"), output.events)) {
      if (Lines diff = line_diff(lines.first, lines.second); !diff.empty())
        result.differences.push_back({to, std::move(diff)});
    }
  }
  if (!text) return;
  if (Lines diff = line_diff(lines_of(*text), lines_of(output.text)); !diff.empty())
    result.differences.push_back({"stdout", std::move(diff)});
}

}  // namespace

std::vector<fs::path> find_cases(const fs::path& folder) {
  std::vector<fs::path> cases;
  const auto look = [&cases](const fs::path& path) {
    if (fs::exists(path / "input.jsonl") && !config_of(path).empty()) cases.push_back(path);
  };
  look(folder);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) look(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

CaseResult run_case(const fs::path& folder, bool update, const CliOptions& options, const Registry& registry) {
  CaseResult result;
  try {
    const Came output = rehearse(folder, options, registry);
    update ? update_case(folder, output, result) : compare(folder, output, result);
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  return result;
}

}  // namespace logboom
