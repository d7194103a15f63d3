#include "args.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace logboom::bench {
namespace {

template <typename T>
T parse(std::string_view name, std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("--" + std::string(name) + ": not a number: " + std::string(text));
  }
  return value;
}

}  // namespace

Args::Args(int argc, char** argv, std::initializer_list<std::string_view> flags) {
  const std::vector<std::string> all(argv + 1, argv + argc);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == "--") {
      rest_.assign(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end());
      return;
    }
    if (!all[i].starts_with("--")) {
      words_.push_back(all[i]);
      continue;
    }
    const std::string name = all[i].substr(2);
    Option option;
    if (std::find(flags.begin(), flags.end(), name) == flags.end()) {
      if (++i == all.size()) throw std::invalid_argument("--" + name + " needs a value");
      option.value = all[i];
    }
    options_.insert_or_assign(name, option);
  }
}

const std::string* Args::take(std::string_view name) {
  const auto found = options_.find(name);
  if (found == options_.end()) return nullptr;
  found->second.used = true;
  return &found->second.value;
}

bool Args::flag(std::string_view name) { return take(name) != nullptr; }

std::string Args::text(std::string_view name, std::string_view fallback) {
  const std::string* value = take(name);
  return value ? *value : std::string(fallback);
}

std::uint64_t Args::number(std::string_view name, std::uint64_t fallback) {
  const std::string* value = take(name);
  return value ? parse<std::uint64_t>(name, *value) : fallback;
}

double Args::real(std::string_view name, double fallback) {
  const std::string* value = take(name);
  return value ? parse<double>(name, *value) : fallback;
}

void Args::reject_unknown() const {
  for (const auto& [name, option] : options_) {
    if (!option.used) throw std::invalid_argument("unknown option --" + name);
  }
}

}  // namespace logboom::bench
