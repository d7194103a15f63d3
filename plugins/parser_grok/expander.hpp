#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logboom::grok {

/// A grok expression as one regular expression.
struct Expanded {
  std::string regexp;
  /// Fields by the names of their groups; a group of another name is a field of that name.
  std::map<std::string, std::string, std::less<>> fields;
  std::vector<std::pair<std::string, std::string>> types;  // of fields, as `types` of a parser says them
};

/// The patterns by their names, and what they stand for.
class Expander {
 public:
  /// With the patterns that are built in.
  Expander();
  /// Adds the patterns of a text: lines "NAME regexp", or comments that begin with #. One of a name that is there takes
  /// its place. Throws std::invalid_argument with the line's number.
  void add(std::string_view text);

  /// Replaces each %{NAME}, %{NAME:field} and %{NAME:field:type}. Throws std::invalid_argument where a pattern is not
  /// known, contains itself, or is written wrongly: which, in which pattern, at which character.
  Expanded expand(std::string_view expression) const;

 private:
  struct Work;
  void expand(std::string_view text, std::string_view within, Work& work) const;
  void put(std::string_view reference, std::string_view where, Work& work) const;

  std::map<std::string, std::string, std::less<>> patterns_;
};

}  // namespace logboom::grok
