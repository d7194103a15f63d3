#include <logboom/ascii.hpp>
#include <logboom/placeholder.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace logboom {
namespace {

using std::chrono::seconds;

// The first of these spans that changes the text tells how fine its time part is (2016 is a leap year).
constexpr EventTime probe_time{1'451'606'400, 0};  // 2016-01-01T00:00:00Z
constexpr seconds coarse_units[] = {seconds(1),      seconds(60),          seconds(3'600),
                                    seconds(86'400), seconds(31 * 86'400), seconds(366 * 86'400)};

std::string format_once(const std::string& format, EventTime t, const TimeZone& zone) {
  // An empty format would mean ISO 8601, and so would its name.
  if (format.find('%') == std::string::npos) return format;
  if (format == "%iso8601") return "%iso8601";
  return TimeFormatter::compile(format, zone).format(t);
}

bool is_key(std::string_view name) {
  const bool accessor = name.starts_with("$.") || name.starts_with("$[");
  const auto allowed = [&](char c) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return accessor || word || std::string_view("-_.@$").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

// As Ruby's split('.'): empty parts at the end don't count.
std::vector<std::string_view> tag_parts(std::string_view tag) {
  std::vector<std::string_view> parts;
  for (std::size_t pos = 0; pos <= tag.size();) {
    const std::size_t dot = std::min(tag.find('.', pos), tag.size());
    parts.push_back(tag.substr(pos, dot - pos));
    pos = dot + 1;
  }
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

std::string tag_part(std::string_view tag, long index) {
  const std::vector<std::string_view> parts = tag_parts(tag);
  const long count = static_cast<long>(parts.size());
  if (index < -count || index >= count) return {};
  return std::string(parts[static_cast<std::size_t>(index < 0 ? index + count : index)]);
}

std::optional<long> parse_index(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // No tag has that many parts.
  return error == std::errc() ? value : std::numeric_limits<long>::max();
}

}  // namespace

Template Template::compile(std::string_view text) { return Template(text); }

Template::Template(std::string_view text) : text_(text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t open = std::min(text.find("${", pos), text.size());
    add_literal(text.substr(pos, open - pos));
    if (open == text.size()) break;
    const std::size_t close = text.find('}', open);
    const std::size_t end = close == std::string_view::npos ? text.size() : close + 1;
    const std::string_view source = text.substr(open, end - open);
    auto piece =
        close == std::string_view::npos ? std::nullopt : parse_placeholder(source.substr(2, source.size() - 3));
    if (piece) {
      piece->source = source;
      pieces_.push_back(std::move(*piece));
      pos = end;
    } else {
      // Only the opening is passed over: another placeholder may begin before the next brace.
      unknown_.emplace_back(source);
      add_literal("${");
      pos = open + 2;
    }
  }
  Values now;
  Values later;
  now.timekey = later.timekey = probe_time;
  for (const seconds unit : coarse_units) {
    later.timekey->sec = probe_time.sec + unit.count();
    if (expand(now) == expand(later)) continue;
    time_unit_ = unit;
    break;
  }
}

std::optional<Template::Piece> Template::parse_placeholder(std::string_view name) {
  if (name == "tag") return Piece{Kind::tag, {}};
  if (name == "chunk_id") return Piece{Kind::chunk_id, {}};
  if (name.starts_with("tag[") && name.ends_with(']')) {
    const auto index = parse_index(name.substr(4, name.size() - 5));
    return index ? std::optional(Piece{Kind::tag_part, {}, *index}) : std::nullopt;
  }
  return is_key(name) ? std::optional(Piece{Kind::field, std::string(name)}) : std::nullopt;
}

void Template::add_literal(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().kind != Kind::literal) pieces_.push_back({Kind::literal, {}});
  pieces_.back().text += text;
}

std::optional<std::string> Template::value_of(const Piece& piece, const Values& values) const {
  switch (piece.kind) {
    case Kind::tag: return values.tag ? std::optional(std::string(*values.tag)) : std::nullopt;
    case Kind::tag_part: return values.tag ? std::optional(tag_part(*values.tag, piece.index)) : std::nullopt;
    case Kind::chunk_id: return std::string(values.chunk_id);
    case Kind::field:
      if (!values.field) return std::nullopt;
      return values.field(piece.text).value_or("");
    case Kind::literal: break;
  }
  return std::nullopt;
}

std::string Template::expand(const Values& values, std::vector<Range>& values_at) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (piece.kind == Kind::literal) {
      out += values.timekey ? format_once(piece.text, *values.timekey, values.zone) : piece.text;
    } else if (const auto value = value_of(piece, values)) {
      values_at.push_back({out.size(), out.size() + value->size()});
      out += *value;
    } else {
      out += piece.source;
    }
  }
  return out;
}

std::string Template::expand(const Values& values) const {
  std::vector<Range> ignored;
  return expand(values, ignored);
}

std::optional<std::string> Template::expand_path(const Values& values, std::string& error) const {
  std::vector<Range> values_at;
  std::string path = expand(values, values_at);
  const std::string_view view = path;
  const auto refuse = [&](std::string_view why) {
    error = "refused a path made from '" + text_ + "': " + std::string(why);
    return std::nullopt;
  };
  for (const Range& value : values_at) {
    const std::string_view put_in = view.substr(value.begin, value.end - value.begin);
    if (put_in.find('\0') != std::string_view::npos) return refuse("a value holds a NUL byte");
    if (put_in.starts_with('/')) return refuse("the value '" + std::string(put_in) + "' starts with '/'");
  }
  if (view.starts_with('/') && !text_.starts_with('/')) return refuse("an empty value would make it absolute");
  for (std::size_t begin = 0; begin <= view.size();) {
    const std::size_t end = std::min(view.find('/', begin), view.size());
    const auto touches = [&](const Range& value) { return value.begin <= end && value.end >= begin; };
    if (view.substr(begin, end - begin) == ".." && std::any_of(values_at.begin(), values_at.end(), touches)) {
      return refuse("'" + path + "' would climb out of its directory");
    }
    begin = end + 1;
  }
  return path;
}

bool Template::uses(Kind kind) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.kind == kind; });
}

bool Template::uses_tag() const { return uses(Kind::tag) || uses(Kind::tag_part); }

bool Template::uses_chunk_id() const { return uses(Kind::chunk_id); }

std::vector<std::string> Template::field_keys() const {
  std::vector<std::string> keys;
  for (const Piece& piece : pieces_) {
    if (piece.kind != Kind::field || std::find(keys.begin(), keys.end(), piece.text) != keys.end()) continue;
    keys.push_back(piece.text);
  }
  return keys;
}

}  // namespace logboom
