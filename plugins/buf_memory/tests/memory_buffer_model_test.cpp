#include "buffer/buffer_model.hpp"
#include "memory_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;

std::unique_ptr<Buffer> start_memory(const BufferSettings& settings, OutputCounters& counters) {
  static TestContext context("@type x");
  auto buffer = make_output<Buffer>(plugins::buf_memory(), context);
  buffer->start(settings, counters);
  return buffer;
}

TEST(MemoryBufferModel, every_event_comes_out_once_or_is_counted_whatever_is_called) {
  for (const BufferModelCase& one : buffer_model_cases()) {
    SCOPED_TRACE(one.name);
    for (std::uint32_t seed = 1; seed <= 8 && !HasFailure(); ++seed) {
      SCOPED_TRACE(seed);
      BufferModel(one.settings, seed, start_memory).run(400);
    }
  }
}

}  // namespace
