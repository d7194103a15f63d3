#include <logboom/record_accessor.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/record_walk.hpp"

namespace logboom {
namespace {

using msgpack::Value;
using Step = RecordAccessor::Step;

constexpr std::size_t most_steps = 256;

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  std::vector<Step> steps() {
    if (!text_.starts_with("$.") && !text_.starts_with("$[")) {
      if (text_.empty()) fail("it is empty");
      return {Step{std::string(text_)}};
    }
    at_ = 1;
    std::vector<Step> steps;
    while (at_ < text_.size()) {
      if (text_[at_] == '[') {
        steps.push_back(in_brackets());
      } else if (text_[at_] == '.') {
        ++at_;
        // `$.[0]` and `$.a.['b']` have no key between the dot and the bracket.
        if (at_ < text_.size() && text_[at_] != '[') steps.push_back(key());
      } else {
        fail("expected '.' or '['");
      }
      if (steps.size() > most_steps) fail("the path is too long");
    }
    if (steps.empty()) fail("there is no key behind '$.'");
    if (steps.front().is_index) fail("a record is a map: the first step is a key");
    return steps;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw std::invalid_argument("invalid record accessor '" + std::string(text_) + "' at character " +
                                std::to_string(at_ + 1) + ": " + std::string(what) +
                                "; write a key, $.a.b[0] or $['a']['b.c'][0]");
  }

  Step key() {
    const std::size_t end = std::min(text_.find_first_of(".[", at_), text_.size());
    Step step{std::string(text_.substr(at_, end - at_))};
    at_ = end;
    return step;
  }

  Step in_brackets() {
    const std::size_t open = at_++;
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      const char closing[] = {text_[at_], ']'};
      const std::size_t close = text_.find(std::string_view(closing, 2), at_ + 1);
      if (close == std::string_view::npos) fail("the quote is not closed before ']'");
      Step step{std::string(text_.substr(at_ + 1, close - at_ - 1))};
      at_ = close + 2;
      return step;
    }
    const std::size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) at_ = open, fail("'[' is not closed");
    Step step{{}, 0, true};
    const char* end = text_.data() + close;
    const auto [stopped, error] = std::from_chars(text_.data() + at_, end, step.index);
    if (error != std::errc() || stopped != end) fail("expected a number or a key in quotes between '[' and ']'");
    at_ = close + 1;
    return step;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Value element(const Value& array, std::int64_t index) noexcept {
  const std::int64_t count = array.count();
  if (index < 0) index += count;
  if (index < 0 || index >= count) return {};
  const std::uint8_t* at = array.children();
  while (index-- > 0) at = msgpack::after(at, array.end());
  return {at, msgpack::after(at, array.end())};
}

/// Ruby's Hash#dig with a number: a key that is that number.
Value numbered(const Value& map, std::int64_t number) noexcept {
  Value found;
  Record(map).for_each([&](const Value& key, const Value& value) {
    std::int64_t n = 0;
    if (key.to_int(n) && n == number) found = value;
  });
  return found;
}

}  // namespace

RecordAccessor RecordAccessor::compile(std::string_view text) {
  RecordAccessor accessor;
  accessor.text_ = text;
  accessor.steps_ = PathParser(text).steps();
  return accessor;
}

Value RecordAccessor::find(Value from) const noexcept {
  for (const Step& step : steps_) {
    if (!from) break;
    const msgpack::Type type = from.type();
    if (!step.is_index) {
      from = msgpack::find_key(from, step.key);
    } else if (type == msgpack::Type::array) {
      from = element(from, step.index);
    } else {
      from = type == msgpack::Type::map ? numbered(from, step.index) : Value();
    }
  }
  return from;
}

}  // namespace logboom
