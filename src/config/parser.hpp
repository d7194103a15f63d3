#pragma once

#include <logboom/config_element.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logboom {

/// Fluentd's two languages; `guess`: YAML where a file's name ends in .yaml or .yml, else v1.
enum class ConfigType : std::uint8_t { guess, v1, yaml };

struct ParseOptions {
  /// The value of an environment variable, nullopt when it is not set. Empty: the process's environment.
  std::function<std::optional<std::string>(std::string_view)> env;
  /// What `#{hostname}` gives. Empty: the machine's name.
  std::string hostname;
  /// What `#{worker_id}` gives outside of `<worker>`; inside it is the section's first worker.
  int worker_id = 0;
  /// Told what is legal but probably not meant, while parsing, in the file's order. May be empty.
  std::function<void(const SourcePos&, std::string message)> warn;
  /// Where refused `#{…}` are put; their parameters are then read as not given, and parsing goes on. Null: the first
  /// one is thrown.
  std::vector<ConfigError>* refused = nullptr;
  /// false: `@include` is an error, and parsing touches no file.
  bool allow_include = true;
  /// The main file's language. Included files are told by their names.
  ConfigType type = ConfigType::guess;
};

/// Parses a file and what it includes. Positions name files by `path` and, for included files, by the path that was
/// resolved against the including file's directory. Throws ConfigError for everything, unreadable files included.
Element parse_file(const std::filesystem::path& path, const ParseOptions& options);

/// Parses text that came from elsewhere. `file_name` is for positions only; includes are relative to `include_base`.
Element parse_text(std::string_view text, std::string file_name, const std::filesystem::path& include_base,
                   const ParseOptions& options);

}  // namespace logboom
