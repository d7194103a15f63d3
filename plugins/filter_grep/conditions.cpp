#include "conditions.hpp"

#include <stdexcept>

#include <logboom/value_text.hpp>

namespace logboom::plugins::grep {
namespace {

// Fluentd's number of the old parameters regexp1, exclude1 and so on.
constexpr unsigned most_old = 20;

SourcePos value_pos(const Element& element, std::string_view key) {
  const Attribute* attribute = element.find(key);
  return attribute != nullptr ? attribute->value_pos : element.pos;
}

/// Nothing where it can't be made, which is an error.
template <class Make>
auto compiled(const SourcePos& pos, ConfigErrorCollector& errors, Make&& make) -> std::optional<decltype(make())> {
  try {
    return make();
  } catch (const std::invalid_argument& error) {
    errors.add(ConfigError(pos, error.what()));
    return std::nullopt;
  }
}

}  // namespace

void Options::describe(Describe<Options>& d) {
  d.section("regexp", &Options::regexps, "What a field must match; of several, all.");
  d.section("exclude", &Options::excludes, "What a field must not match; of several, none.");
  d.section("and", &Options::ands, "Several <regexp> that must all match, or <exclude> that must not all match.");
  d.section("or", &Options::ors, "Several <regexp> of which one must match, or <exclude> of which none may match.");
  for (unsigned i = 1; i <= most_old; ++i) {
    d.leave_section(cat("regexp", i));
    d.leave_section(cat("exclude", i));
  }
}

Conditions::Conditions(const Options& options, const Element& element) {
  ConfigErrorCollector errors;
  add_old(all_of_, "regexp", element, errors);
  add_old(unless_any_, "exclude", element, errors);
  add(all_of_, options.regexps, element.sections("regexp"), errors);
  add(unless_any_, options.excludes, element.sections("exclude"), errors);
  add_groups(options.ands, element.sections("and"), all_of_, unless_all_, errors);
  add_groups(options.ors, element.sections("or"), any_of_, unless_any_, errors);
  errors.throw_if_any();
  if (all_of_.size() + any_of_.size() + unless_all_.size() + unless_any_.size() != 1) return;
  for (const List* list : {&all_of_, &any_of_, &unless_all_, &unless_any_}) {
    if (list->empty()) continue;
    only_ = &list->front();
    only_keeps_ = list == &all_of_ || list == &any_of_ ? SearchResult::match : SearchResult::no_match;
  }
}

void Conditions::add(List& list, const std::vector<ConditionOptions>& options,
                     const std::vector<const Element*>& sections, ConfigErrorCollector& errors) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Element& section = *sections.at(i);
    auto key = compiled(value_pos(section, "key"), errors, [&] { return RecordAccessor::compile(options[i].key); });
    auto pattern =
        compiled(value_pos(section, "pattern"), errors, [&] { return TextPattern::compile(options[i].pattern); });
    if (key && pattern) list.push_back({*std::move(key), *std::move(pattern)});
  }
}

/// `regexp1 key pattern`.
void Conditions::add_old(List& list, std::string_view name, const Element& element, ConfigErrorCollector& errors) {
  for (unsigned i = 1; i <= most_old; ++i) {
    const Attribute* attribute = element.find(cat(name, i));
    if (attribute == nullptr || attribute->is_nil || attribute->is_default) continue;
    const std::size_t space = attribute->value.find(' ');
    if (space == std::string::npos) {
      errors.add(
          ConfigError(attribute->value_pos, cat(attribute->key, " needs a field and a pattern, with a space between")));
      continue;
    }
    config_value::Regexp pattern;
    pattern.source = attribute->value.substr(space + 1);
    auto condition = compiled(attribute->value_pos, errors, [&] {
      return Condition{RecordAccessor::compile(std::string_view(attribute->value).substr(0, space)),
                       TextPattern::compile(pattern)};
    });
    if (condition) list.push_back(*std::move(condition));
  }
}

void Conditions::add_groups(const std::vector<GroupOptions>& groups, const std::vector<const Element*>& sections,
                            List& regexps, List& excludes, ConfigErrorCollector& errors) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Element& section = *sections.at(i);
    if (groups[i].regexps.empty() == groups[i].excludes.empty()) {
      errors.add(
          ConfigError(section.pos, cat("<", section.name, "> needs either <regexp> or <exclude> sections, not both")));
    }
    add(regexps, groups[i].regexps, section.sections("regexp"), errors);
    add(excludes, groups[i].excludes, section.sections("exclude"), errors);
  }
}

SearchResult Conditions::match(const Condition& condition, const Record& record, Scratch& scratch) {
  const msgpack::Value value = condition.key.find(record);
  const SearchResult result = condition.pattern.search(value_text(value, scratch.text), scratch.region);
  if (result == SearchResult::limit_exceeded) scratch.gave_up = condition.pattern.regexp().pattern();
  return result;
}

Conditions::Verdict Conditions::judge(const Record& record, Scratch& scratch) const {
  if (only_ == nullptr) return judge_lists(record, scratch);
  const SearchResult result = match(*only_, record, scratch);
  if (result == SearchResult::limit_exceeded) return Verdict::unknown;
  return result == only_keeps_ ? Verdict::keep : Verdict::drop;
}

Conditions::Verdict Conditions::judge_lists(const Record& record, Scratch& scratch) const {
  // The first condition that gives `wanted` ends the search.
  const auto first = [&](const List& list, SearchResult wanted) {
    for (const Condition& condition : list) {
      const SearchResult result = match(condition, record, scratch);
      if (result == wanted || result == SearchResult::limit_exceeded) return result;
    }
    return wanted == SearchResult::match ? SearchResult::no_match : SearchResult::match;
  };
  struct Part {
    const List& list;
    SearchResult ends;
    SearchResult drops;
  };
  const Part parts[] = {{all_of_, SearchResult::no_match, SearchResult::no_match},
                        {any_of_, SearchResult::match, SearchResult::no_match},
                        {unless_all_, SearchResult::no_match, SearchResult::match},
                        {unless_any_, SearchResult::match, SearchResult::match}};
  for (const Part& part : parts) {
    if (part.list.empty()) continue;
    const SearchResult result = first(part.list, part.ends);
    if (result == SearchResult::limit_exceeded) return Verdict::unknown;
    if (result == part.drops) return Verdict::drop;
  }
  return Verdict::keep;
}

}  // namespace logboom::plugins::grep
