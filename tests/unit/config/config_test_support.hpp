#pragma once

#include <logboom/config_element.hpp>

#include "config/parser.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::config_test {

/// A parser whose environment, host and files are the test's own, and that keeps the warnings.
class Fixture {
 public:
  Fixture();

  Element parse(std::string_view text);
  /// The only attribute of `k <value_text>`.
  Attribute value(std::string_view value_text);
  /// "line:column: message", or "" when the text is fine.
  std::string error(std::string_view text);

  std::map<std::string, std::string, std::less<>> environment;
  std::vector<std::string> warnings;
  ParseOptions options;
};

/// What `call` throws as "file:line:column: message", or "" when nothing.
std::string config_error_of(const std::function<void()>& call);

/// A directory that is removed with its contents at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  /// Writes a file, its directories too, and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view text) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// `name(arg){key=value,key=value,child(){}}`, for comparing whole trees.
std::string outline(const Element& element);

}  // namespace logboom::config_test
