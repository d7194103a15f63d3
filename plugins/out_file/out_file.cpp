#include "out_file.hpp"

#include <unistd.h>

#include <exception>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <logboom/chunk_values.hpp>

namespace logboom {

namespace {

/// Text is written when there is so much of it for a file, and at the end of a chunk.
constexpr std::size_t write_size = 256 * 1024;
/// And for all files, when there was so much for all of them together.
constexpr std::uint64_t most_unwritten = std::uint64_t{16} << 20;
constexpr std::size_t max_known = 4096;

ConfigError error_at(const Element& element, std::string_view name, const std::string& message) {
  const Attribute* attribute = element.find(name);
  return ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, cat(name, ": ", message));
}

FileNames::Spec names_spec(const OutFileOptions& options, const BufferSettings& settings) {
  FileNames::Spec spec;
  spec.path = options.path;
  if (options.add_path_suffix) spec.path_suffix = options.path_suffix;
  spec.compression_suffix = compression_suffix(options.compress);
  if (settings.timekey) spec.time_slice_format = options.time_slice_format.value_or(timekey_format(*settings.timekey));
  spec.numbered = !options.append.value_or(false);
  spec.zone = settings.zone;
  return spec;
}

FileNames::Spec link_spec(const OutFileOptions& options, const FileNames::Spec& names) {
  FileNames::Spec spec;
  spec.path = *options.symlink_path;
  spec.zone = names.zone;
  return spec;
}

bool ends_without_line_feed(const PluginSection& format) {
  const Attribute* said = format.element == nullptr ? nullptr : format.element->find("add_newline");
  return said != nullptr && (said->value == "false" || said->value == "no");
}

FileWriter::Spec writer_spec(const OutFileOptions& options, const SystemSettings& system) {
  const auto bits = [](const std::optional<FileMode>& own, const std::optional<FileMode>& all, unsigned otherwise) {
    return static_cast<mode_t>(own ? own->bits : all ? all->bits : otherwise);
  };
  FileWriter::Spec spec;
  spec.modes.file = bits(options.file_permission, system.file_permission, 0644);
  spec.modes.directory = bits(options.dir_permission, system.dir_permission, 0755);
  spec.compression = options.compress;
  spec.complete_files = options.complete_files();
  spec.link_is_relative = options.symlink_path_use_relative;
  spec.lines = options.format.type != "msgpack" && !ends_without_line_feed(options.format);
  if (options.integrity == OutFileOptions::Integrity::sha256)
    spec.chains = Chains::Spec{spec.modes, options.compress, std::nullopt};
  return spec;
}

void read_key(const OutFileOptions& options, BuildContext& context, FileWriter::Spec& spec) {
  if (!options.integrity_key) return;
  const Element& element = context.element();
  if (!spec.chains) throw error_at(element, "integrity_key", "goes with 'integrity sha256', which is not there");
  try {
    spec.chains->key = integrity::Key::read_private(*options.integrity_key);
  } catch (const std::runtime_error& e) {
    throw error_at(element, "integrity_key", e.what());
  }
  struct stat info {};
  if (::stat(options.integrity_key->c_str(), &info) == 0 && (info.st_mode & 077) != 0)
    context.warn(element.find("integrity_key")->value_pos, "others may read the key: chmod 600 makes it private");
}

/// A zone that is said for the output counts for its lines too, where `<format>` says nothing of its own.
std::unique_ptr<Element> format_with_zone(const OutFileOptions& options) {
  const bool utc = options.utc || !options.localtime;
  if (!utc && !options.timezone) return nullptr;
  if (options.format.type != "out_file" && options.format.type != "stdout") return nullptr;
  auto element = options.format.element != nullptr ? std::make_unique<Element>(*options.format.element)
                                                   : std::make_unique<Element>();
  element->name = "format";
  for (const char* name : {"utc", "localtime", "timezone"}) {
    if (element->find(name) != nullptr) return nullptr;
  }
  Attribute attribute;
  attribute.key = options.timezone ? "timezone" : "utc";
  attribute.value = options.timezone ? *options.timezone : "true";
  element->attributes.push_back(std::move(attribute));
  return element;
}

/// What no retry helps against: a tag whose file would be where a directory is, or below a file.
bool is_about_the_name(const std::error_code& code) {
  return code == std::errc::not_a_directory || code == std::errc::is_a_directory ||
         code == std::errc::filename_too_long || code == std::errc::too_many_symbolic_link_levels;
}

/// A path that can't be written to is told before any event comes, as far as it is known then.
void check_writable(const Element& element, const std::string& path) {
  namespace fs = std::filesystem;
  const std::size_t variable = path.find_first_of("%*$");
  if (variable == std::string::npos && ::access(path.c_str(), W_OK) == 0) return;
  const std::size_t slash = path.rfind('/', variable);
  fs::path directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  std::error_code error;
  while (!directory.empty() && directory != "/" && !fs::exists(directory, error)) {
    directory = directory.has_filename() ? directory.parent_path() : directory.parent_path().parent_path();
  }
  if (directory.empty()) directory = ".";
  if (::access(directory.c_str(), W_OK | X_OK) == 0) return;
  throw error_at(element, "path", cat("the directory '", directory.string(), "' can't be written to"));
}

}  // namespace

OutFile::OutFile(Options options, BuildContext& context) : options_(std::move(options)) {
  const Element& element = context.element();
  if (options_.path.empty() || options_.path.find('\0') != std::string::npos) {
    throw error_at(element, "path", "must be the path of a file");
  }
  if (const Attribute* given = element.find("recompress"); given != nullptr && !options_.recompress) {
    context.warn(given->key_pos, "recompress has no effect: what the buffer had compressed is always compressed anew");
  }
  try {
    static_cast<void>(options_.buffer_defaults());
  } catch (const std::invalid_argument& e) {
    throw error_at(element, "timezone", e.what());
  }
  settings_ = buffer_settings(element, options_.buffer_defaults(), options_.waits(), {});
  if (settings_.timekey) slices_.emplace(*settings_.timekey, settings_.zone);
  const FileNames::Spec spec = names_spec(options_, settings_);
  try {
    names_.emplace(spec);
  } catch (const std::invalid_argument& e) {
    throw error_at(element, "path", e.what());
  }
  for (const std::string& unknown : names_->unknown_placeholders()) {
    context.warn(element.find("path")->value_pos, cat("'", unknown, "' is no placeholder and stays as it is"));
  }
  try {
    if (options_.symlink_path) links_.emplace(link_spec(options_, spec));
  } catch (const std::invalid_argument& e) {
    throw error_at(element, "symlink_path", e.what());
  }
  check_placeholder_fields(names_->field_keys(), settings_, *element.find("path"));
  if (links_) check_placeholder_fields(links_->field_keys(), settings_, *element.find("symlink_path"));
  by_tag_ = names_->uses_tag() || (links_ && links_->uses_tag());
  check_writable(element, options_.path);
  format_element_ = format_with_zone(options_);
  if (format_element_ != nullptr) options_.format.element = format_element_.get();
  formatter_ = context.formatter(options_.format)();
  injector_.emplace(options_.inject, element, context.system());
  FileWriter::Spec writer = writer_spec(options_, context.system());
  read_key(options_, context, writer);
  files_.emplace(writer, context.log());
}

WriteResult OutFile::write(const Chunk& chunk) {
  const std::lock_guard lock(mutex_);
  WriteResult result;
  try {
    files_->begin(chunk.id);
    format(chunk, result);
    files_->finish();
  } catch (const std::exception& e) {
    const std::string problem = files_->roll_back();
    result = {WriteResult::Status::retry, problem.empty() ? std::string(e.what()) : cat(e.what(), "; ", problem), 0};
  }
  return result;
}

void OutFile::format(const Chunk& chunk, WriteResult& result) {
  Place place;
  unwritten_ = number_ = 0;
  std::optional<Tag> last;
  chunk.for_each_batch([&](const BatchPtr& batch) {
    const bool same_tag = last && (last->same_object(batch->tag()) || !by_tag_ || last->text() == batch->tag().text());
    if (!same_tag) place = Place{};
    if (!last || !last->same_object(batch->tag())) last = batch->tag();
    format_batch(chunk, *batch, place, result);
    unwritten_ += batch->bytes();
    if (unwritten_ < most_unwritten) return;
    files_->put_all();
    unwritten_ = 0;
  });
}

void OutFile::format_batch(const Chunk& chunk, const EventBatch& batch, Place& place, WriteResult& result) {
  const std::string_view tag = batch.tag().text();
  batch.for_each([&](const Event& event) {
    if (event.time.sec < place.low || event.time.sec >= place.high)
      find_place(chunk, tag, event.time.sec, place, result);
    const std::uint64_t number = number_++;
    if (place.target == nullptr) return result.add_invalid(number, event);
    const Event shown = injector_->apply(tag, event);
    if (!formatter_->format(tag, shown, place.target->text)) result.add_invalid(number, event);
    if (place.target->text.size() >= write_size) files_->put(*place.target);
  });
}

void OutFile::find_place(const Chunk& chunk, std::string_view tag, std::int64_t sec, Place& place,
                         WriteResult& result) {
  std::int64_t slice = 0;
  place.low = std::numeric_limits<std::int64_t>::min();
  place.high = std::numeric_limits<std::int64_t>::max();
  if (slices_) {
    place.low = slice = slices_->start_of(sec);
    place.high = slices_->end();
  }
  std::string error;
  place.target = target_for(chunk, tag, slice, error);
  if (place.target == nullptr) result.reason = cat("tag '", tag, "': ", error);
}

void OutFile::set_key(const Chunk& chunk, std::string_view tag, std::int64_t slice) {
  key_.assign(reinterpret_cast<const char*>(&slice), sizeof slice);
  if (names_->uses_chunk_id()) key_.append(chunk.id);
  for (const Chunk::Field& field : chunk.fields) {
    const std::size_t size = field.value.size();
    key_.append(reinterpret_cast<const char*>(&size), sizeof size).append(field.value);
  }
  if (by_tag_) key_.append(tag);
}

Target* OutFile::find_target() {
  const auto known = known_.find(key_);
  return known == known_.end() ? nullptr : files_->targets().find(known->second);
}

Target* OutFile::target_for(const Chunk& chunk, std::string_view tag, std::int64_t slice, std::string& error) {
  set_key(chunk, tag, slice);
  if (Target* target = find_target()) return target->used = Target::Clock::now(), target;
  auto name = names_->name(tag, slice, chunk.id, error, chunk.fields);
  if (!name) return nullptr;
  Target fresh;
  fresh.key = name->path(0);
  if (known_.size() >= max_known) known_.clear();
  known_[key_] = fresh.key;
  Target* target = files_->targets().find(fresh.key);
  if (target == nullptr) {
    auto link = links_ ? links_->name(tag, slice, chunk.id, error, chunk.fields) : std::nullopt;
    if (links_ && !link) return nullptr;
    if (link) fresh.link = link->path(0);
    fresh.name = std::move(*name);
    fresh.slice = slice;
    if (options_.integrity != OutFileOptions::Integrity::none)
      fresh.stream = by_tag_ ? cat(options_.path, " ", tag) : options_.path;
    target = add_target(std::move(fresh), error);
    if (target == nullptr) return nullptr;
  }
  target->used = Target::Clock::now();
  return target;
}

Target* OutFile::add_target(Target target, std::string& error) {
  try {
    return &files_->add(std::move(target));
  } catch (const std::system_error& e) {
    if ((!by_tag_ && settings_.fields.empty()) || !is_about_the_name(e.code())) throw;
    error = e.what();
    return nullptr;
  }
}

void OutFile::idle() {
  const std::lock_guard lock(mutex_);
  files_->release_memory();
}

void OutFile::reopen() {
  const std::lock_guard lock(mutex_);
  files_->close_files();
}

namespace plugins {

PluginInfo out_file() {
  return describe_plugin<OutFile>(PluginKind::output, "file",
                                  "Writes events to files that are named after tag and time.");
}

}  // namespace plugins

}  // namespace logboom
