#include "buffer/buffer_model.hpp"
#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;

TEST(FileBufferModel, every_event_comes_out_once_or_is_counted_whatever_is_called) {
  for (const BufferModelCase& one : buffer_model_cases()) {
    SCOPED_TRACE(one.name);
    for (std::uint32_t seed = 1; seed <= 2 && !HasFailure(); ++seed) {
      SCOPED_TRACE(seed);
      const TemporaryDirectory directory;
      TestContext context("path " + directory.path().string(), "buffer");
      const auto start = [&](const BufferSettings& settings, OutputCounters& counters) {
        FileOptions options;
        options.path = directory.path().string();
        options.read_patience = 20s;  // of real time: the model's stands still
        auto buffer = std::make_unique<FileBuffer>(std::move(options), context);
        buffer->start(settings, counters);
        buffer->open();
        EXPECT_TRUE(eventually([&] { return buffer->empty(); }));
        return buffer;
      };
      BufferModel(one.settings, seed, start).run(120);
    }
  }
}

}  // namespace
