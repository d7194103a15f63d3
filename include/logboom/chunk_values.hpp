#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/chunk.hpp>
#include <logboom/placeholder.hpp>

/// Placeholders of outputs: `path /var/log/${$.kubernetes.namespace}/%Y%m%d`.
namespace logboom {

/// What a chunk offers to a Template; valid as long as the chunk. `zone`: of its time slice.
inline Template::Values placeholder_values(const Chunk& chunk, TimeZone zone = TimeZone::utc()) {
  Template::Values values;
  if (chunk.tag) values.tag = chunk.tag->text();
  if (chunk.timekey) values.timekey = EventTime{*chunk.timekey, 0};
  values.zone = std::move(zone);
  values.chunk_id = chunk.id;
  values.field = [&chunk](std::string_view name) -> std::optional<std::string> {
    const std::string* value = chunk.field(name);
    return value == nullptr ? std::nullopt : std::optional(*value);
  };
  return values;
}

/// Throws ConfigError where one of the record fields that a parameter has placeholders of is no chunk key.
inline void check_placeholder_fields(const std::vector<std::string>& used, const BufferSettings& settings,
                                     const Attribute& parameter) {
  for (const std::string& field : used) {
    const auto& keys = settings.fields;
    if (std::find(keys.begin(), keys.end(), field) != keys.end()) continue;
    throw ConfigError(parameter.value_pos, cat(parameter.key, ": ${", field,
                                               "} is the value of a record field, which "
                                               "must be a chunk key: <buffer ",
                                               field, ">"));
  }
}

}  // namespace logboom
