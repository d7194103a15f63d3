#include "base/expression_method.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "base/suggest.hpp"

namespace logboom::expression {
namespace {

using Methods = std::map<std::string, Method, std::less<>>;

const Methods& all_methods() {
  static const Methods methods = [] {
    Methods made;
    // Where two files have a name for one kind, the more special one comes last.
    for (const auto entries :
         {object_methods(), number_methods(), string_methods(), string_cut_methods(), search_methods(), array_methods(),
          hash_methods(), each_methods(), group_methods(), time_methods()}) {
      for (const Entry& entry : entries) {
        Method& method = made[std::string(entry.name)];
        method.name = entry.name;
        for (std::size_t kind = 0; kind < kinds; ++kind) {
          if ((entry.kinds & (1U << kind)) != 0) method.by_kind[kind] = &entry;
        }
      }
    }
    return made;
  }();
  return methods;
}

}  // namespace

const Method* find_method(std::string_view name) {
  const auto found = all_methods().find(name);
  return found == all_methods().end() ? nullptr : &found->second;
}

std::string suggest_method(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [known, method] : all_methods()) names.push_back(known);
  return did_you_mean(name, names);
}

std::string wrong_arguments(const Method& method, std::size_t count, bool block) {
  std::size_t least = 99;
  std::size_t most = 0;
  bool takes_block = false;
  for (const Entry* entry : method.by_kind) {
    if (entry == nullptr) continue;
    if (count >= entry->least && count <= entry->most &&
        (block ? entry->block != Block::no : entry->block != Block::must)) {
      return {};
    }
    least = std::min<std::size_t>(least, entry->least);
    most = std::max<std::size_t>(most, entry->most);
    takes_block = takes_block || entry->block != Block::no;
  }
  if (block && !takes_block) return "'" + method.name + "' takes no block here";
  if (!block && count >= least && count <= most) return "'" + method.name + "' needs a block";
  std::string expected = std::to_string(least);
  if (most != least) expected += ".." + std::to_string(most);
  return "wrong number of arguments for '" + method.name + "' (given " + std::to_string(count) + ", expected " +
         expected + ")";
}

}  // namespace logboom::expression
