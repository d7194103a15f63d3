#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "chunk_reader.hpp"
#include "file_buffer.hpp"

namespace logboom {

/// A chunk whose events are in files. While an output writes it a small one is in memory; a larger one is read as it is
/// written, after a look whether all of it can be read.
class FileChunk final : public QueuedChunk, private ChunkSource {
 public:
  explicit FileChunk(FileBuffer& buffer) : buffer_(buffer) {}
  /// One that was found at the start.
  FileChunk(FileBuffer& buffer, buf_file::Recovery::Found found);

  void add(const BatchPtr& batch, const buf_file::Staging::Message& message, bool safe_when_done);
  void seal() override;
  Loaded load() override;
  void unload() noexcept override;
  void finish(std::optional<DropReason> reason) noexcept override;

 private:
  /// Where the events are: in files, and those that the full disk had no room for in memory.
  struct Place {
    std::vector<buf_file::Run> whole;  // also of other parts of the chunk
    std::vector<buf_file::Run> runs;
    std::vector<buf_file::Draft> waiting;
  };

  void make_record();
  Loaded give_up_damaged(const buf_file::ReadResult& result);
  std::optional<Place> find_events() const;
  void take_keys(const buf_file::ChunkReader& reader);
  void read(const Visit& visit) const override;

  FileBuffer& buffer_;
  buf_file::ChunkRecordPtr record_;
  bool is_damaged_ = false;             // what can be read of it is all that is left
  std::optional<buf_file::Run> place_;  // see Recovery::Found
  std::size_t first_run_ = 0;
  std::size_t last_run_ = std::numeric_limits<std::size_t>::max();
  std::vector<MessageId> messages_;
};

}  // namespace logboom
