#include "config/include_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace logboom::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_alternatives = 1024;
constexpr std::size_t max_visited = 100'000;
constexpr std::size_t max_file_size = 64UL << 20U;

// The end of the `{…}` group that opens at `open`, npos when it has none; `commas` gets its separators.
std::size_t find_group_end(const std::string& text, std::size_t open, std::vector<std::size_t>& commas) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == ',' && depth == 1) commas.push_back(i);
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string::npos;
}

std::vector<std::string> expand_braces(const std::string& pattern) {
  std::vector<std::string> done;
  std::vector<std::string> pending{pattern};
  while (!pending.empty()) {
    if (done.size() + pending.size() > max_alternatives) throw std::length_error("too many alternatives in {…}");
    const std::string text = std::move(pending.back());
    pending.pop_back();
    const std::size_t open = text.find('{');
    std::vector<std::size_t> cuts{open};
    const std::size_t close = open == std::string::npos ? open : find_group_end(text, open, cuts);
    if (close == std::string::npos) {
      done.push_back(text);
      continue;
    }
    cuts.push_back(close);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const std::string part = text.substr(cuts[i] + 1, cuts[i + 1] - cuts[i] - 1);
      pending.push_back(text.substr(0, open) + part + text.substr(close + 1));
    }
  }
  return done;
}

class Walker {
 public:
  explicit Walker(std::vector<fs::path>& found) : found_(found) {}

  void walk(const fs::path& base, fs::path::const_iterator part, fs::path::const_iterator end) {
    if (part == end) {
      std::error_code ignored;
      if (!base.empty() && fs::exists(base, ignored) && !fs::is_directory(base, ignored)) {
        found_.push_back(base.lexically_normal());
      }
      return;
    }
    const std::string name = part->string();
    const auto next = std::next(part);
    if (name == "**") {
      walk(base, next, end);
      for (const fs::path& entry : entries(base)) {
        if (is_plain_directory(entry)) walk(base / entry.filename(), part, end);
      }
    } else if (name.find_first_of("*?[") == std::string::npos) {
      walk(base / *part, next, end);
    } else {
      for (const fs::path& entry : entries(base)) {
        const fs::path file = entry.filename();
        if (::fnmatch(name.c_str(), file.c_str(), FNM_PERIOD) == 0) walk(base / file, next, end);
      }
    }
  }

 private:
  std::vector<fs::path> entries(const fs::path& directory) {
    std::vector<fs::path> out;
    std::error_code error;
    for (fs::directory_iterator it(directory.empty() ? fs::path(".") : directory, error), end; !error && it != end;
         it.increment(error)) {
      if (++visited_ > max_visited) throw std::length_error("the pattern covers too many files");
      out.push_back(it->path());
    }
    return out;
  }

  static bool is_plain_directory(const fs::path& entry) {
    std::error_code ignored;
    return !entry.filename().string().starts_with('.') &&
           fs::symlink_status(entry, ignored).type() == fs::file_type::directory;
  }

  std::vector<fs::path>& found_;
  std::size_t visited_ = 0;
};

}  // namespace

bool is_glob(std::string_view pattern) { return pattern.find_first_of("*?[{") != std::string_view::npos; }

std::vector<fs::path> expand_glob(const fs::path& base, const std::string& pattern) {
  std::vector<fs::path> found;
  Walker walker(found);
  for (const std::string& alternative : expand_braces(pattern)) {
    const fs::path path(alternative);
    walker.walk(path.is_absolute() ? fs::path() : base, path.begin(), path.end());
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::string read_config_file(const fs::path& path, const SourcePos& wanted_at) {
  const auto fail = [&](const std::string& reason) {
    throw ConfigError(wanted_at, "cannot read the configuration file '" + path.string() + "': " + reason);
  };
  std::error_code error;
  if (fs::is_directory(path, error))
    fail("it is a directory; to include its files write '" + path.string() + "/*.conf'");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(std::strerror(errno));
  std::string out;
  std::array<char, 65536> block{};
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    out.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (out.size() > max_file_size) fail("it is larger than 64 MiB");
  }
  if (file.bad()) fail(std::strerror(errno));
  return out;
}

}  // namespace logboom::config
