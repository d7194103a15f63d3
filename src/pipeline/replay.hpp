#pragma once

#include <string>

#include "admin/control.hpp"
#include "pipeline/direct_delivery.hpp"

namespace logboom {

/// What the command `replay` works with. Lives as long as commands may run.
struct ReplayContext {
  RunningOutputs& outputs;
  Ledger& ledger;
};

/// Sends events again that a file buffer has kept: {"from": ID or "", "to": ID, "tag": PATTERN, "since", "until":
/// milliseconds since 1970 or absent, "rate": events a second or 0, "dry_run"}. Events are chosen by their own time.
/// `from` is the output whose buffer is read; it may be left out where only one output has a file buffer. Answers
/// {"events", "sent", "bytes_read", "bytes", "damaged", "tags": {TAG: events}}.
std::string replay(ReplayContext context, const std::string& arguments, ControlCaller& caller);

/// Where a file buffer with this `path` keeps its segments, as plugins/buf_file/README.md says.
std::string segments_folder(const std::string& path);

}  // namespace logboom
