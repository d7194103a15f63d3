#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logboom::in_http {

using Params = std::vector<std::pair<std::string, std::string>>;

/// "a=1&b=x%20y+z" (application/x-www-form-urlencoded). Takes any text: a `%` without two digits stands for itself.
void append_form(std::string_view text, Params& params);
/// The last of this name; null where there is none.
const std::string* find_param(const Params& params, std::string_view name) noexcept;

}  // namespace logboom::in_http
