#include "pipeline/buffer_folders.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <logboom/segment.hpp>

#include "pipeline/replay.hpp"

namespace logboom {

namespace {

namespace fs = std::filesystem;

/// No more is read to count events.
constexpr std::uint64_t most_read = std::uint64_t{64} << 20;

/// The same text for the same folder.
std::string folder_key(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) folder = fs::path(path).lexically_normal();
  std::string key = folder.string();
  while (key.size() > 1 && key.back() == '/') key.pop_back();
  return key;
}

std::string key_of(const OutputNode& output) { return folder_key(segments_folder(output.buffer_path)); }

/// Folders in a folder, sorted.
std::vector<fs::path> folders_in(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (auto at = fs::directory_iterator(parent, error); at != fs::directory_iterator(); at.increment(error)) {
    if (at->is_directory(error)) folders.push_back(at->path());
    if (error) break;
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::uint64_t events_in(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  segment::Reader reader = segment::Reader::of_file(descriptor);
  segment::Frame frame;
  std::uint64_t events = 0;
  while (reader.next(frame)) events += frame.events;
  ::close(descriptor);
  return events;
}

/// "100 events, 5200 bytes"; empty where there is nothing.
std::string content_of_folder(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  bool all = true;
  for (const segment::File& file : segment::list_files(folder.string())) {
    std::error_code error;
    const std::uint64_t size = fs::file_size(file.path, error);
    if (error) continue;
    bytes += size;
    all = all && bytes <= most_read;
    if (all) events += events_in(file.path);
  }
  if (bytes <= segment::file_head_size) return {};
  return all ? cat(events, " events, ", bytes, " bytes") : cat("more than ", events, " events, ", bytes, " bytes");
}

}  // namespace

void check_buffer_folders(const Pipeline& pipeline, ConfigErrorCollector& errors) {
  std::map<std::string, const OutputNode*> folders;
  for (const auto& output : pipeline.outputs()) {
    if (output->buffer_path.empty()) continue;
    const auto [at, is_first] = folders.emplace(key_of(*output), output.get());
    if (is_first) continue;
    errors.add(ConfigError(output->buffer_pos,
                           cat("path: the buffer in ", at->first, " is that of the output at ",
                               at->second->buffer_pos.to_string(), ": give each output a path of its own"),
                           "duplicate-buffer-path"));
  }
}

void name_left_buffers(const Pipeline& pipeline, const std::string& root_dir, Log& log) {
  std::map<std::string, const OutputNode*> taken;
  for (const auto& output : pipeline.outputs()) {
    if (!output->buffer_path.empty()) taken.emplace(key_of(*output), output.get());
  }
  for (const fs::path& worker : folders_in(root_dir)) {
    if (!worker.filename().string().starts_with("worker")) continue;
    for (const fs::path& output : folders_in(worker)) {
      const fs::path folder = output / "buffer";
      if (taken.contains(folder_key(folder.string()))) continue;
      const std::string content = content_of_folder(folder);
      if (content.empty()) continue;
      log.warn(cat("the buffer in ", folder.string(), " is no output's of this configuration, and stays as it is: ",
                   content, " (of which some may be delivered already). To send them, give an output the @id ",
                   output.filename().string(), " and a <buffer> of @type file, or that path; else remove the folder"));
    }
  }
}

}  // namespace logboom
