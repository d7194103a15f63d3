#include "options.hpp"

#include <algorithm>
#include <utility>

namespace logboom::buf_file {

void FileOptions::describe(Describe<FileOptions>& d) {
  using O = FileOptions;
  d.param("path", &O::path,
          "The buffer's directory, for this output alone. Without it: `worker0/<@id>/buffer` in `<system> root_dir`. "
          "Fluentd's patterns (`/buffers/app.*.log`) mean a directory of that name that ends in `.segments`.");
  d.param("path_suffix", &O::path_suffix, "No effect: the files are called `segment.*.log`.");
  d.param("file_permission", &O::file_permission, "Of the buffer's files; `<system>`'s, or 0644.");
  d.param("dir_permission", &O::dir_permission, "Of directories that are made; `<system>`'s, or 0755.");
  d.choice("sync", &O::sync,
           {{"always", SyncPolicy::always}, {"interval", SyncPolicy::interval}, {"never", SyncPolicy::never}},
           "When files are synced (fdatasync): after each write; every `sync_interval`, and at once where a sender "
           "waits for its ack; or never, so that acks say no more than that the kernel has the events.");
  d.param("sync_interval", &O::sync_interval, "How old what nobody waits for may become before it is synced.");
  d.param("segment_size", &O::segment_size, "A file is followed by a new one at this size.");
  d.param("retain", &O::retain,
          "How long events that are delivered stay in the files, for `logboom replay`. They go earlier where the "
          "buffer would become larger than `total_limit_size`.");
}

Schema file_schema() {
  Schema schema = schema_of<FileOptions>();
  const Schema common = schema_of<BufferOptions>();
  for (Schema::Param param : common.params()) {
    const auto same = [&param](const Schema::Param& own) { return own.info.name == param.info.name; };
    if (std::any_of(schema.params().begin(), schema.params().end(), same)) continue;
    param.set = [set = std::move(param.set)](void* options, const Attribute& attribute, std::string* note) {
      set(static_cast<BufferOptions*>(static_cast<FileOptions*>(options)), attribute, note);
    };
    schema.add(std::move(param));
  }
  return schema;
}

}  // namespace logboom::buf_file
