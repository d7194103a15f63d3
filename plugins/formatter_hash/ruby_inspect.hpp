#pragma once

#include <logboom/msgpack.hpp>
#include <logboom/out_buffer.hpp>

namespace logboom::formatter_hash {

/// Appends one whole, well-formed object as Ruby's `inspect` shows it: `{"a"=>1, "b"=>[nil, true]}` (before Ruby 3.4).
/// A binary is a string of bytes. An EventTime is a number of seconds with nine decimals. Any depth of nesting works.
void append_inspect(OutBuffer& out, const msgpack::Value& value);

}  // namespace logboom::formatter_hash
