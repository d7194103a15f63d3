#pragma once

#include "config/parser.hpp"
#include "config/source.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::config {

/// Whether a file is read as YAML: what `wanted` says, or its name's end.
bool is_yaml(const std::filesystem::path& path, ConfigType wanted);

/// Refuses a parameter that begins with `@` and is none of the language's at the top of match, source, filter, system
/// and the file; elsewhere warns of it.
void check_reserved(const Element& into, const Attribute& attribute, const ParseOptions& options);

/// The files that are being read, outermost first: bounds their depth and number, and finds loops.
class Includes {
 public:
  Includes(const ParseOptions& options, std::string shown, std::filesystem::path canonical);

  /// The files that a name or a glob stands for; `word` is "@include" or "!include", for the warning where there are
  /// none. Throws ConfigError at `pos`.
  std::vector<std::filesystem::path> find(std::string_view word, const std::string& pattern,
                                          const std::filesystem::path& base, const SourcePos& pos) const;

  /// Reads a file's contents, in the language of its name, to the end of `into`. Throws ConfigError.
  void read(const std::filesystem::path& path, const SourcePos& pos, Element& into, unsigned depth,
            const ParseOptions& options);

 private:
  struct File {
    std::string shown;
    std::filesystem::path canonical;
  };
  void check(const std::filesystem::path& path, const std::filesystem::path& canonical, const SourcePos& pos);

  const ParseOptions& options_;
  std::vector<File> chain_;
  std::size_t files_ = 0;
};

constexpr unsigned max_section_depth = 64;

/// Reads all of a source to the end of `into`, which is the root or the section that includes it. Each file gets its
/// own copy of the options: `worker_id` follows the `<worker>` sections. Throws ConfigError.
void read_v1(const Source& source, const std::filesystem::path& include_base, const ParseOptions& options,
             Includes& includes, Element& into, unsigned depth);
void read_yaml(const Source& source, const std::filesystem::path& include_base, const ParseOptions& options,
               Includes& includes, Element& into, unsigned depth);

/// The first worker of a `<worker N>` or `<worker N-M>`, or `otherwise` when the argument is no such thing.
int first_worker(std::string_view argument, int otherwise);

}  // namespace logboom::config
