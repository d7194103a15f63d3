#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::bench {

// Command line of the form [word…] [--name value | --flag]… [-- rest…]. Every getter throws std::invalid_argument
// on a value that doesn't parse.
class Args {
 public:
  // `flags` are the options that take no value.
  Args(int argc, char** argv, std::initializer_list<std::string_view> flags);

  bool flag(std::string_view name);
  std::string text(std::string_view name, std::string_view fallback);
  std::uint64_t number(std::string_view name, std::uint64_t fallback);
  double real(std::string_view name, double fallback);

  // Call after the last getter: throws if an option was given that nobody asked for.
  void reject_unknown() const;

  const std::vector<std::string>& words() const { return words_; }
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  const std::string* take(std::string_view name);

  struct Option {
    std::string value;
    bool used = false;
  };
  std::map<std::string, Option, std::less<>> options_;
  std::vector<std::string> words_;
  std::vector<std::string> rest_;
};

}  // namespace logboom::bench
