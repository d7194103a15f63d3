#include "config/includes.hpp"

#include "base/suggest.hpp"
#include "config/include_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace logboom::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_include_depth = 32;
constexpr std::size_t max_included_files = 10'000;

constexpr std::array<std::string_view, 4> reserved_parameters{"@type", "@id", "@label", "@log_level"};
constexpr std::array<std::string_view, 5> strict_sections{"ROOT", "match", "source", "filter", "system"};

template <class Range>
bool contains(const Range& range, std::string_view value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

}  // namespace

bool is_yaml(const fs::path& path, ConfigType wanted) {
  if (wanted != ConfigType::guess) return wanted == ConfigType::yaml;
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

void check_reserved(const Element& into, const Attribute& attribute, const ParseOptions& options) {
  if (!attribute.key.starts_with('@') || contains(reserved_parameters, attribute.key)) return;
  const std::array<std::string, 5> known{"@type", "@id", "@label", "@log_level", "@include"};
  const std::string message = "names that begin with '@' are reserved and " + in_quotes(attribute.key) +
                              " is not one of @type, @id, @label, @log_level, @include" +
                              did_you_mean(attribute.key, known);
  if (contains(strict_sections, into.name)) throw ConfigError(attribute.key_pos, message);
  if (options.warn) options.warn(attribute.key_pos, message);
}

int first_worker(std::string_view argument, int otherwise) {
  int number = 0;
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), number);
  const bool whole = error == std::errc() && (end == argument.data() + argument.size() || *end == '-');
  return whole && number >= 0 ? number : otherwise;
}

Includes::Includes(const ParseOptions& options, std::string shown, fs::path canonical) : options_(options) {
  chain_.push_back({std::move(shown), std::move(canonical)});
}

std::vector<fs::path> Includes::find(std::string_view word, const std::string& pattern, const fs::path& base,
                                     const SourcePos& pos) const {
  const std::string said = std::string(word) + " " + in_quotes(pattern);
  if (!options_.allow_include) throw ConfigError(pos, std::string(word) + " is not possible here");
  const std::string full = (base / pattern).lexically_normal().string();
  std::vector<fs::path> files;
  if (is_glob(pattern)) {
    try {
      files = expand_glob(base, pattern);
    } catch (const std::length_error& error) {
      throw ConfigError(pos, said + ": " + error.what());
    }
    if (files.empty() && options_.warn) options_.warn(pos, said + " matches no file (looked for '" + full + "')");
    return files;
  }
  std::error_code error;
  if (fs::exists(full, error) || error) {
    files.emplace_back(full);
  } else if (options_.warn) {
    options_.warn(pos, said + ": there is no file '" + full + "'");
  }
  return files;
}

void Includes::read(const fs::path& path, const SourcePos& pos, Element& into, unsigned depth,
                    const ParseOptions& options) {
  std::error_code error;
  fs::path canonical = fs::canonical(path, error);
  if (error) canonical = path;
  check(path, canonical, pos);
  const Source source(read_config_file(path, pos), path.string());
  chain_.push_back({path.string(), std::move(canonical)});
  const auto read_one = is_yaml(path, ConfigType::guess) ? read_yaml : read_v1;
  read_one(source, path.parent_path(), options, *this, into, depth);
  chain_.pop_back();
}

void Includes::check(const fs::path& path, const fs::path& canonical, const SourcePos& pos) {
  std::string chain;
  bool loop = false;
  for (const File& file : chain_) {
    chain += file.shown + " -> ";
    loop |= file.canonical == canonical;
  }
  chain += path.string();
  if (loop) throw ConfigError(pos, "include loop: " + chain);
  if (chain_.size() > max_include_depth) {
    throw ConfigError(pos, "files included more than " + std::to_string(max_include_depth) + " deep: " + chain);
  }
  if (++files_ > max_included_files) {
    throw ConfigError(pos, "more than " + std::to_string(max_included_files) + " files included");
  }
}

}  // namespace logboom::config
