#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <logboom/buffer.hpp>
#include <logboom/formatter.hpp>
#include <logboom/output.hpp>

#include "file_names.hpp"
#include "file_writer.hpp"
#include "options.hpp"

namespace logboom {

/// Writes lines to files that are named after the tag and the time slice of each event.
class OutFile final : public ChunkOutput {
 public:
  using Options = OutFileOptions;

  OutFile(Options options, BuildContext& context);

  BufferDefaults buffer_defaults() const override { return options_.buffer_defaults(); }
  bool waits_for_slice() const override { return options_.waits(); }
  WriteResult write(const Chunk& chunk) override;
  void idle() override;
  void reopen() override;
  void stop() override { reopen(); }

 private:
  /// Where the events of a tag go that lie in [low, high). Without a target their name was refused.
  struct Place {
    Target* target = nullptr;
    std::int64_t low = 1;
    std::int64_t high = 0;
  };

  void format(const Chunk& chunk, WriteResult& result);
  void format_batch(const Chunk& chunk, const EventBatch& batch, Place& place, WriteResult& result);
  void find_place(const Chunk& chunk, std::string_view tag, std::int64_t sec, Place& place, WriteResult& result);
  Target* find_target();
  Target* target_for(const Chunk& chunk, std::string_view tag, std::int64_t slice, std::string& error);
  /// Null, and the reason in `error`, where the file can never be opened because of what the tag is.
  Target* add_target(Target target, std::string& error);
  void set_key(const Chunk& chunk, std::string_view tag, std::int64_t slice);

  Options options_;
  std::unique_ptr<Element> format_element_;
  BufferSettings settings_;
  std::optional<TimeSlices> slices_;
  std::optional<FileNames> names_;
  std::optional<FileNames> links_;
  bool by_tag_ = false;

  /// For several flush threads.
  std::mutex mutex_;
  std::unique_ptr<Formatter> formatter_;
  std::optional<Injector> injector_;
  std::optional<FileWriter> files_;
  std::string key_;
  /// The target's key for a tag and a slice that came before.
  std::unordered_map<std::string, std::string> known_;
  std::uint64_t number_ = 0;     // of the chunk's next event
  std::uint64_t unwritten_ = 0;  // bytes of events, since all text was written
};

}  // namespace logboom
