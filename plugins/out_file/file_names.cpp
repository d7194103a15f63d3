#include "file_names.hpp"

#include <algorithm>
#include <stdexcept>

namespace logboom {

namespace {

/// Where a number goes while the parts are still one text; a NUL can't be part of a path.
constexpr char number_mark = '\0';

std::vector<std::string> conversions(std::string_view format) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i + 1 < format.size(); ++i) {
    if (format[i] == '%') found.emplace_back(format.substr(i++, 2));
  }
  return found;
}

/// True where the path has every conversion of the format, false where it has none.
bool has_time_of(const std::string& path, const std::string& format) {
  const auto wanted = conversions(format);
  const auto present = [&path](const std::string& c) { return path.find(c) != std::string::npos; };
  if (std::none_of(wanted.begin(), wanted.end(), present)) return false;
  for (const std::string& conversion : wanted) {
    if (!present(conversion)) {
      throw std::invalid_argument("the path has a part of the time slice but not " + conversion +
                                  ": different slices would get the same name");
    }
  }
  return true;
}

std::string with_stars_replaced(const std::string& path, const std::string& by) {
  std::string out;
  for (const char c : path) {
    if (c == '*') {
      out += by;
    } else {
      out += c;
    }
  }
  return out;
}

std::string full_text(const FileNames::Spec& spec) {
  const std::string mark = spec.numbered ? std::string(1, number_mark) : std::string();
  const bool sliced = !spec.time_slice_format.empty();
  if (spec.path.find('*') != std::string::npos) {
    if (!sliced)
      throw std::invalid_argument("'*' in the path stands for the time slice, and there is no chunk key 'time'");
    return with_stars_replaced(spec.path, spec.time_slice_format + mark) + spec.compression_suffix;
  }
  std::string text = spec.path;
  if (sliced && !has_time_of(spec.path, spec.time_slice_format)) text += "." + spec.time_slice_format;
  return text + mark + spec.path_suffix + spec.compression_suffix;
}

/// Linux's limits for a component and for a path, with room for a number.
bool too_long(std::string_view path) {
  constexpr std::size_t longest_component = 255 - 10;
  constexpr std::size_t longest_path = 4096 - 64;
  if (path.size() > longest_path) return true;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > longest_component) return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

}  // namespace

std::string FileName::path(unsigned number) const {
  std::string out = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) out += "_" + std::to_string(number) + parts[i];
  return out;
}

FileNames::FileNames(const Spec& spec) : sliced_(!spec.time_slice_format.empty()), zone_(spec.zone) {
  if (!sliced_ && Template::compile(spec.path).uses_time()) {
    throw std::invalid_argument("the path has conversions of time, and there is no chunk key 'time'");
  }
  const std::string text = full_text(spec);
  std::size_t begin = 0;
  for (std::size_t at = text.find(number_mark); at != std::string::npos; at = text.find(number_mark, begin)) {
    compile(text.substr(begin, at - begin));
    begin = at + 1;
  }
  compile(text.substr(begin));
}

void FileNames::compile(const std::string& text) {
  const Template& part = parts_.emplace_back(Template::compile(text));
  uses_tag_ = uses_tag_ || part.uses_tag();
  uses_chunk_id_ = uses_chunk_id_ || part.uses_chunk_id();
  unknown_.insert(unknown_.end(), part.unknown_placeholders().begin(), part.unknown_placeholders().end());
  for (std::string& key : part.field_keys()) field_keys_.push_back(std::move(key));
}

std::optional<FileName> FileNames::name(std::string_view tag, std::int64_t slice, std::string_view chunk_id,
                                        std::string& error, const std::vector<Chunk::Field>& fields) const {
  Template::Values values;
  values.field = [&fields](std::string_view key) -> std::optional<std::string> {
    for (const Chunk::Field& field : fields) {
      if (field.name == key) return field.value;
    }
    return std::nullopt;
  };
  values.tag = tag;
  values.chunk_id = chunk_id;
  if (sliced_) values.timekey = EventTime{slice, 0};
  values.zone = zone_;
  FileName name;
  for (const Template& part : parts_) {
    auto text = part.expand_path(values, error);
    if (!text) return std::nullopt;
    name.parts.push_back(std::move(*text));
  }
  if (too_long(name.path(0))) {
    error = "the name of the file would be too long";
    return std::nullopt;
  }
  return name;
}

}  // namespace logboom
