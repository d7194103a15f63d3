#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

// The tree's arrows: a stage knows itself, base/ and record/; pipeline/, cli/ and main.cpp know all; a plugin knows
// itself; everybody knows <logboom/…>, which knows nothing else of ours.
namespace logboom {
namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path path = LOGBOOM_SOURCE_DIR;
  return path;
}

struct Include {
  fs::path file;  // below the root
  std::size_t line = 0;
  bool quoted = false;
  std::string target;

  std::string where() const { return file.string() + ":" + std::to_string(line) + " includes " + target; }
  bool in_header() const { return file.extension() == ".hpp"; }
  bool in_tests() const { return std::find(file.begin(), file.end(), "tests") != file.end(); }
  std::string part(std::size_t index) const {
    return std::next(file.begin(), static_cast<std::ptrdiff_t>(index))->string();
  }
};

void read_includes(const fs::path& path, std::vector<Include>& out) {
  constexpr std::string_view directive = "#include ";
  std::ifstream file(path);
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (!line.starts_with(directive) || line.size() <= directive.size()) continue;
    const bool quoted = line[directive.size()] == '"';
    const std::size_t start = directive.size() + 1;
    out.push_back({path.lexically_relative(root()), number, quoted,
                   line.substr(start, line.find(quoted ? '"' : '>', start) - start)});
  }
}

std::vector<Include> includes_below(const std::string& folder) {
  std::vector<Include> out;
  for (const auto& entry : fs::recursive_directory_iterator(root() / folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".hpp" || extension == ".cpp") read_includes(entry.path(), out);
  }
  return out;
}

bool is_heavy(const std::string& target) {
  constexpr std::array<std::string_view, 8> heavy{"boost/asio", "boost/beast", "spdlog/", "fmt/",
                                                  "nlohmann/",  "simdjson",    "msgpack", "CLI/"};
  return std::any_of(heavy.begin(), heavy.end(), [&](std::string_view start) { return target.starts_with(start); });
}

bool stage_may_include(const std::string& stage, const std::string& target) {
  if (stage == "pipeline" || stage == "cli" || stage == "main.cpp") return true;
  if (target.starts_with(stage + "/") || target.starts_with("base/")) return true;
  return stage != "base" && target.starts_with("record/");
}

TEST(IncludeArrows, a_stage_includes_itself_base_and_record_only) {
  for (const Include& include : includes_below("src")) {
    if (!include.quoted) continue;
    EXPECT_TRUE(fs::exists(root() / "src" / include.target)) << include.where() << ", which is not a path below src/";
    EXPECT_TRUE(stage_may_include(include.part(1), include.target)) << include.where();
  }
}

TEST(IncludeArrows, a_plugin_includes_its_own_folder_only) {
  for (const Include& include : includes_below("plugins")) {
    if (!include.quoted || include.in_tests()) continue;
    const fs::path target = (include.file.parent_path() / include.target).lexically_normal();
    const fs::path own = fs::path("plugins") / include.part(1);
    const bool inside = std::mismatch(own.begin(), own.end(), target.begin(), target.end()).first == own.end();
    EXPECT_TRUE(inside && fs::exists(root() / target)) << include.where();
  }
}

TEST(IncludeArrows, public_headers_include_public_headers_only) {
  for (const Include& include : includes_below("include")) EXPECT_FALSE(include.quoted) << include.where();
}

TEST(IncludeArrows, every_public_header_that_is_named_is_there) {
  for (const char* folder : {"include", "src", "plugins"}) {
    for (const Include& include : includes_below(folder)) {
      if (include.quoted || !include.target.starts_with("logboom/")) continue;
      if (include.target == "logboom/api_hash.hpp") continue;  // made when logboom is built
      EXPECT_TRUE(fs::exists(root() / "include" / include.target)) << include.where();
    }
  }
}

TEST(IncludeArrows, headers_leave_heavy_libraries_to_sources) {
  for (const char* folder : {"include", "src", "plugins"}) {
    for (const Include& include : includes_below(folder)) {
      const bool is_asio_shell =
          include.file.string().starts_with("src/net/") && include.target.starts_with("boost/asio/");
      // What commands print is made as JSON values; nobody but commands includes these.
      const bool is_command_data =
          include.target == "nlohmann/json.hpp" &&
          (include.where().starts_with("src/cli/") || include.where().starts_with("src/pipeline/explain.hpp"));
      EXPECT_FALSE(include.in_header() && is_heavy(include.target) && !is_asio_shell && !is_command_data)
          << include.where();
    }
  }
}

TEST(IncludeArrows, headers_are_included_once) {
  for (const char* folder : {"include", "src", "plugins"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root() / folder)) {
      if (entry.path().extension() != ".hpp") continue;
      std::string first;
      std::ifstream file(entry.path());
      std::getline(file, first);
      EXPECT_EQ(first, "#pragma once") << entry.path();
    }
  }
}

}  // namespace
}  // namespace logboom
