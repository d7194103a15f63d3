#pragma once

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/json_reader.hpp>
#include <logboom/testing.hpp>

/// Events for tests of filters and outputs, from JSON or from msgpack bytes.
namespace logboom::testing {

/// JSON as msgpack. Throws std::runtime_error where it is none.
inline std::string msgpack_of(std::string_view json) {
  OutBuffer bytes;
  JsonError error;
  if (!JsonReader().read(json, bytes, error)) throw std::runtime_error(cat(error.message, " in ", json));
  return std::string(bytes.text());
}

/// Builds one batch.
class BatchOf {
 public:
  explicit BatchOf(std::string_view tag) : tag_(tag) {}
  BatchOf& json(std::string_view record, EventTime time = {1700000000, 0}) { return packed(msgpack_of(record), time); }
  BatchOf& packed(std::string_view record, EventTime time = {1700000000, 0}) {
    msgpack::Writer writer(bytes_);
    writer.array(2);
    if (time.sec >= 0 && time.sec <= 0xffffffff) {
      writer.event_time(static_cast<std::uint32_t>(time.sec), time.nsec);
    } else {
      writer.integer(time.sec);
    }
    bytes_.append(record);
    ++events_;
    return *this;
  }
  BatchPtr make() const {
    auto batch = std::make_unique<EventBatch>(Tag::make(tag_));
    if (events_ != 0) {
      const SlabPtr slab(Slab::make(bytes_.size()));
      std::memcpy(slab->data(), bytes_.data(), bytes_.size());
      batch->add({slab->data(), static_cast<std::uint32_t>(bytes_.size()), events_}, slab);
    }
    return BatchPtr(std::move(batch));
  }

 private:
  std::string tag_;
  OutBuffer bytes_;
  std::uint32_t events_ = 0;
};

}  // namespace logboom::testing
