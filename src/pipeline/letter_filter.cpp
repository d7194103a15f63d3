#include "pipeline/letter_filter.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "route/pattern.hpp"

namespace logboom {

std::vector<DeadLetter> filtered(std::vector<DeadLetter> letters, const LetterFilter& filter) {
  const PatternList tags = PatternList::compile(filter.tag);
  std::erase_if(letters, [&](const DeadLetter& letter) {
    const auto is_named = [&letter](const std::string& id) { return letter.id.find(id) != std::string::npos; };
    if (!filter.ids.empty() && std::none_of(filter.ids.begin(), filter.ids.end(), is_named)) return true;
    if (!filter.output.empty() && letter.output != filter.output) return true;
    if (!filter.reason.empty() && letter.reason != filter.reason) return true;
    if (filter.before && letter.time > *filter.before) return true;
    if (filter.after && letter.time < *filter.after) return true;
    const auto matches = [&tags](const std::string& tag) { return tags.matches(tag); };
    return !filter.tag.empty() && std::none_of(letter.tags.begin(), letter.tags.end(), matches);
  });
  return letters;
}

std::string to_json(const LetterFilter& filter) {
  nlohmann::json out{{"ids", filter.ids}, {"output", filter.output}, {"tag", filter.tag}, {"reason", filter.reason}};
  if (filter.before) out["before"] = *filter.before;
  if (filter.after) out["after"] = *filter.after;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

LetterFilter letter_filter_from_json(const std::string& json) {
  const nlohmann::json in = nlohmann::json::parse(json);
  LetterFilter filter;
  filter.ids = in.value("ids", filter.ids);
  filter.output = in.value("output", "");
  filter.tag = in.value("tag", "");
  filter.reason = in.value("reason", "");
  if (in.contains("before")) filter.before = in["before"].get<std::int64_t>();
  if (in.contains("after")) filter.after = in["after"].get<std::int64_t>();
  return filter;
}

}  // namespace logboom
