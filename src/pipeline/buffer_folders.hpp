#pragma once

#include <logboom/params.hpp>

#include "pipeline/pipeline.hpp"

namespace logboom {

/// A folder is one buffer's alone: adds an error for each output that has the same one as another.
void check_buffer_folders(const Pipeline& pipeline, ConfigErrorCollector& errors);

/// Warns of buffers below `root_dir` that hold something and are no output's of this configuration.
void name_left_buffers(const Pipeline& pipeline, const std::string& root_dir, Log& log);

}  // namespace logboom
