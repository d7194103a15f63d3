#include "pipeline/ack_levels.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace logboom {

namespace {

/// Everything that some event of one label may meet, whatever its tag.
class Ways {
 public:
  explicit Ways(const Pipeline& pipeline) : pipeline_(pipeline) {}

  void follow(const std::string& label) {
    if (!labels_.insert(label).second) return;
    for (const Router::Rule& rule : pipeline_.router().rules(label)) {
      if (rule.is_filter) {
        const FilterNode& filter = *pipeline_.filters()[rule.target];
        if (filter.plugin->holder() != nullptr) holders.insert(filter.id);
      } else {
        follow(pipeline_.output(rule.target));
      }
    }
  }

  std::set<std::string> holders;  // ids
  std::vector<const OutputNode*> sinks;

 private:
  void follow(const OutputNode& output) {
    if (!outputs_.insert(&output).second) return;
    if (output.sink != nullptr) sinks.push_back(&output);
    if (output.emits != nullptr) {
      if (output.emits->holder() != nullptr) holders.insert(output.id);
      follow(output.emit_label);
    }
    for (const std::string& label : output.labels_used) follow(label);
    for (const auto& store : output.stores) follow(*store);
  }

  const Pipeline& pipeline_;
  std::set<std::string> labels_;
  std::set<const OutputNode*> outputs_;
};

bool keeps(const OutputNode& output, Keeping keeping) { return output.keeping && *output.keeping == keeping; }

void check_disk(const InputNode& input, const Ways& ways, const WarnFn& warn, ConfigErrorCollector& errors) {
  for (const OutputNode* output : ways.sinks) {
    if (keeps(*output, Keeping::unsynced)) {
      errors.add(ConfigError(input.pos,
                             cat("`ack disk` is not possible: the buffer of ", output->id,
                                 " has `sync never`. Use `sync "
                                 "interval` there (a waiting ack starts a commit at once), or another `ack` here")));
    } else if (keeps(*output, Keeping::memory)) {
      warn(input.pos, cat("`ack disk`: ", output->id,
                          " has a buffer in memory, and events for it are acked when they "
                          "are there; a <buffer> with `@type file` keeps them on disk"));
    }
  }
}

}  // namespace

void check_ack_levels(const Pipeline& pipeline, ConfigErrorCollector& errors) {
  for (const auto& input : pipeline.inputs()) {
    const std::optional<AckLevel> level = input->plugin ? input->plugin->ack_level() : std::nullopt;
    if (!level || *level == AckLevel::memory) continue;
    Ways ways(pipeline);
    ways.follow(input->label);
    const WarnFn& warn = pipeline.context().warn;
    if (*level == AckLevel::disk) check_disk(*input, ways, warn, errors);
    const bool waits = *level != AckLevel::by_output ||
                       std::any_of(ways.sinks.begin(), ways.sinks.end(),
                                   [](const OutputNode* output) { return keeps(*output, Keeping::synced); });
    if (!waits) continue;
    for (const std::string& holder : ways.holders) {
      warn(input->pos, cat(holder,
                           " holds events back, in memory: they are acked when it has them, as with `ack "
                           "memory`, because Docker sends the second part of a line only after the first one's ack"));
    }
  }
}

}  // namespace logboom
