#pragma once

#include <string_view>

#include <logboom/msgpack.hpp>
#include <logboom/out_buffer.hpp>

namespace logboom {

/// The text of any value as Ruby's `to_s` gives it, which is what Fluentd's plugins match: strings and binaries as they
/// are, nil as nothing, 1.0, 1.0e+20, true, an EventTime as its seconds, arrays and maps as `inspect` shows them –
/// `[1, nil, "a"]`, `{"a"=>1}`. Nothing at all (an empty value) is an empty text.
///
/// The text of a string is a view of the value; any other stands in `scratch`, whose content is given up.
std::string_view value_text(const msgpack::Value& value, OutBuffer& scratch);

}  // namespace logboom
