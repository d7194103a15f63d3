#pragma once

#include <iosfwd>

#include <nlohmann/json.hpp>

namespace logboom {

/// What `logboom explain --json` prints, for people: a line for each rule, what follows from it indented below.
void write_explanation(const nlohmann::ordered_json& explanation, std::ostream& out);

}  // namespace logboom
