#include <algorithm>
#include <stdexcept>

#include <logboom/buffer.hpp>
#include <logboom/record_accessor.hpp>

namespace logboom {

namespace {

/// What depends on the kind of buffer: one that survives the process may hold more, and has no need to be empty then.
struct KindDefaults {
  std::uint64_t chunk_limit = std::uint64_t{8} << 20;
  std::uint64_t total_limit = std::uint64_t{512} << 20;
  bool flush_at_shutdown = true;
  bool in_files = false;  // acks say that events are there, also where the output would have them wait
};

KindDefaults kind_defaults(const Element& section) {
  const Attribute* type = section.find("@type");
  if (type == nullptr || (type->value != "file" && type->value != "file_single")) return {};
  return {std::uint64_t{256} << 20, std::uint64_t{64} << 30, false, true};
}

void check(bool fine, const Element& section, std::string_view name, std::string message) {
  if (fine) return;
  const Attribute* attribute = section.find(name);
  throw ConfigError(attribute != nullptr ? attribute->value_pos : section.pos, cat(name, ": ", message));
}

std::vector<std::string> chunk_keys(const Element& section, const BufferDefaults& defaults) {
  if (section.arg.empty()) return defaults.chunk_keys;
  Attribute attribute;
  attribute.key = "buffer";
  attribute.value = section.arg;
  attribute.key_pos = attribute.value_pos = section.pos;
  return config_value::array(attribute);
}

void add_field(const Element& section, const std::string& key, BufferSettings& settings) {
  try {
    static_cast<void>(RecordAccessor::compile(key));
  } catch (const std::invalid_argument& e) {
    throw ConfigError(section.pos, cat("<buffer>: the chunk key '", key, "' is no record field: ", e.what()));
  }
  if (std::find(settings.fields.begin(), settings.fields.end(), key) == settings.fields.end())
    settings.fields.push_back(key);
}

void set_keys(const Element& section, const BufferDefaults& defaults, BufferSettings& settings, bool& time) {
  for (const std::string& key : chunk_keys(section, defaults)) {
    if (key == "tag") {
      settings.by_tag = true;
    } else if (key == "time") {
      time = true;
    } else {
      add_field(section, key, settings);
    }
  }
}

TimeZone slice_zone(const Element& section, const BufferOptions& options, const BufferDefaults& defaults) {
  if (options.timekey_use_utc) return TimeZone::utc();
  if (!options.timekey_zone) return defaults.timekey_zone ? *defaults.timekey_zone : TimeZone::local();
  try {
    return TimeZone::named(*options.timekey_zone);
  } catch (const std::invalid_argument& e) {
    check(false, section, "timekey_zone", e.what());
    throw;
  }
}

void set_slices(const Element& section, const BufferOptions& options, const BufferDefaults& defaults,
                BufferSettings& settings) {
  if (options.timekey) {
    settings.timekey = std::chrono::duration_cast<std::chrono::seconds>(*options.timekey);
    check(settings.timekey->count() > 0, section, "timekey", "must be one second or more");
  } else {
    settings.timekey = defaults.timekey;
  }
  if (!settings.timekey) throw ConfigError(section.pos, "<buffer>: the chunk key 'time' needs a timekey");
  settings.timekey_wait = options.timekey_wait;
  settings.zone = slice_zone(section, options, defaults);
}

void set_flush(const BufferOptions& options, const BufferDefaults& defaults, bool slices_wait, const Element& section,
               const WarnFn& warn, BufferSettings& settings) {
  settings.flush_mode = options.flush_mode;
  if (settings.flush_mode == FlushMode::by_default) {
    settings.flush_mode = slices_wait                                     ? FlushMode::lazy
                          : defaults.immediate && !options.flush_interval ? FlushMode::immediate
                                                                          : FlushMode::interval;
  }
  settings.flush_interval = options.flush_interval.value_or(defaults.flush_interval);
  check(settings.flush_interval.count() >= 0, section, "flush_interval", "must not be negative");
  if (options.flush_interval && settings.flush_mode != FlushMode::interval && warn) {
    const bool lazy = settings.flush_mode == FlushMode::lazy;
    warn(section.find("flush_interval")->key_pos,
         cat("flush_interval has no effect: chunks are flushed ", lazy ? "when their time slice is over" : "at once"));
  }
  settings.flush_threads = options.flush_thread_count;
  check(options.flush_thread_interval.count() >= 0, section, "flush_thread_interval", "must not be negative");
  check(options.flush_thread_burst_interval.count() >= 0, section, "flush_thread_burst_interval",
        "must not be negative");
  settings.idle_look = options.flush_thread_interval;
  settings.pause_after_write = options.flush_thread_burst_interval;
  settings.flush_at_shutdown = options.flush_at_shutdown.value_or(kind_defaults(section).flush_at_shutdown);
}

void set_limits(const BufferOptions& options, const Element& section, BufferSettings& settings) {
  const KindDefaults defaults = kind_defaults(section);
  settings.total_limit = options.total_limit_size ? options.total_limit_size->bytes : defaults.total_limit;
  settings.chunk_limit = options.chunk_limit_size ? options.chunk_limit_size->bytes : defaults.chunk_limit;
  check(settings.chunk_limit > 0, section, "chunk_limit_size", "must not be 0");
  check(settings.total_limit > 0, section, "total_limit_size", "must not be 0");
  if (!options.chunk_limit_size) settings.chunk_limit = std::min(settings.chunk_limit, settings.total_limit);
  check(settings.chunk_limit <= settings.total_limit, section, "chunk_limit_size",
        "must not be larger than total_limit_size");
  settings.chunk_limit_records = options.chunk_limit_records;
  settings.queue_limit_length = options.queue_limit_length;
  check(options.chunk_limit_records != std::uint64_t{0}, section, "chunk_limit_records", "must not be 0");
  check(options.queue_limit_length != std::uint64_t{0}, section, "queue_limit_length", "must not be 0");
  settings.overflow_action = options.overflow_action;
}

RetrySettings retry_settings(const BufferOptions& options, const Element& section) {
  check(options.retry_wait.count() > 0, section, "retry_wait", "must be more than 0");
  check(options.retry_exponential_backoff_base >= 1, section, "retry_exponential_backoff_base", "must be 1 or more");
  RetrySettings retry;
  retry.type = options.retry_type;
  retry.wait = options.retry_wait;
  retry.base = options.retry_exponential_backoff_base;
  retry.max_interval = options.retry_max_interval;
  retry.timeout = options.retry_timeout;
  retry.max_times = options.retry_max_times;
  retry.forever = options.retry_forever;
  retry.randomize = options.retry_randomize;
  check(options.retry_secondary_threshold >= 0 && options.retry_secondary_threshold <= 1, section,
        "retry_secondary_threshold", "must be between 0 and 1");
  retry.secondary_threshold = options.retry_secondary_threshold;
  return retry;
}

void set_delivery(const BufferOptions& options, const Element& section, BufferSettings& settings) {
  check(options.delayed_commit_timeout.count() > 0, section, "delayed_commit_timeout", "must be more than 0");
  settings.commit_timeout = options.delayed_commit_timeout;
  settings.compression = options.compress;
  settings.keep_dead_letters = !options.disable_chunk_backup;
  settings.duplicates = {options.dedup_window, options.dedup_age};
  settings.retry = retry_settings(options, section);
  settings.ordered = options.ordered;
  settings.slow_flush = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(options.slow_flush_log_threshold));
}

}  // namespace

void BufferOptions::describe(Describe<BufferOptions>& d) {
  using O = BufferOptions;
  d.param("chunk_limit_size", &O::chunk_limit_size,
          "A chunk is flushed before it grows beyond this; by default 8m in memory, 256m in a file.");
  d.param("total_limit_size", &O::total_limit_size,
          "What the buffer may hold in all; by default 512m in memory, 64g in a file.");
  d.param("chunk_limit_records", &O::chunk_limit_records, "A chunk is flushed before it has more events than this.");
  d.param("queue_limit_length", &O::queue_limit_length, "How many chunks may wait to be written.");
  d.param("timekey", &O::timekey, "The length of a time slice, for the chunk key `time`.");
  d.param("timekey_wait", &O::timekey_wait, "How long a chunk waits for late events after its slice is over.");
  d.param("timekey_use_utc", &O::timekey_use_utc, "Slices are aligned to UTC, not to local time.");
  d.param("timekey_zone", &O::timekey_zone, "The time zone of slices: `+09:00`, `Asia/Tokyo`.");
  d.choice("flush_mode", &O::flush_mode,
           {{"default", FlushMode::by_default},
            {"immediate", FlushMode::immediate},
            {"interval", FlushMode::interval},
            {"lazy", FlushMode::lazy}},
           "When chunks are flushed: at once, after flush_interval, or when their slice is over.");
  d.param("flush_interval", &O::flush_interval, "How long events stay in the buffer; the output has the default.");
  d.param("flush_thread_count", &O::flush_thread_count, "Threads that write chunks.").range(1, 64);
  d.param("flush_thread_interval", &O::flush_thread_interval,
          "A thread that found no chunk looks again only after this; 0: as soon as one is due.");
  d.param("flush_thread_burst_interval", &O::flush_thread_burst_interval,
          "A thread waits so long between two chunks; 0: not at all.");
  d.param("flush_at_shutdown", &O::flush_at_shutdown,
          "At the end, what is buffered is written. If false it stays in a file, and in memory it is dropped and "
          "counted. By default true in memory, false in a file.");
  d.param("delayed_commit_timeout", &O::delayed_commit_timeout,
          "Of outputs that learn later what came of a chunk: after this it counts as failed, and is tried again.");
  d.choice("compress", &O::compress,
           {{"text", BufferCompression::text}, {"gzip", BufferCompression::gzip}, {"zstd", BufferCompression::zstd}},
           "How chunks that have to wait are compressed; text: not at all.");
  d.param("disable_chunk_backup", &O::disable_chunk_backup,
          "Chunks that the output refuses or that failed for too long are not kept as dead letters, but dropped.");
  d.choice("overflow_action", &O::overflow_action,
           {{"block", OverflowAction::block},
            {"throw_exception", OverflowAction::throw_exception},
            {"drop_oldest_chunk", OverflowAction::drop_oldest_chunk}},
           "When the buffer is full: `block` pauses the connections whose events go here (Fluentd's default is "
           "throw_exception), `throw_exception` drops the new events without an ack, `drop_oldest_chunk` the oldest.");
  d.choice("retry_type", &O::retry_type,
           {{"exponential_backoff", RetryType::exponential_backoff}, {"periodic", RetryType::periodic}},
           "How the waits between attempts grow.");
  d.param("retry_wait", &O::retry_wait, "The wait before the second attempt, or each one if periodic.");
  d.param("retry_exponential_backoff_base", &O::retry_exponential_backoff_base, "By what each wait is multiplied.");
  d.param("retry_max_interval", &O::retry_max_interval, "No wait is longer.");
  d.param("retry_timeout", &O::retry_timeout, "A chunk that fails for so long is given up, and becomes a dead letter.");
  d.param("retry_max_times", &O::retry_max_times, "A chunk is given up after so many retries.");
  d.param("retry_forever", &O::retry_forever, "No chunk is given up for having failed too long.");
  d.param("retry_randomize", &O::retry_randomize, "Each wait is up to an eighth shorter or longer.");
  d.param("slow_flush_log_threshold", &O::slow_flush_log_threshold, "Seconds; a write that takes longer is logged.");
  d.param("ordered", &O::ordered, "Chunks are written one after the other; none passes one that is being retried.");
  d.param("dedup_window", &O::dedup_window,
          "So many messages are remembered after they are safe, so that one whose ack was lost and that is sent again "
          "is stored once; 0: none. Each costs about 40 bytes, in memory. Only messages that ask for an ack with an id "
          "of their own can be told apart.");
  d.param("dedup_age", &O::dedup_age, "For how long they are remembered.");
  d.param("retry_secondary_threshold", &O::retry_secondary_threshold,
          "From this part of retry_timeout or retry_max_times on a chunk goes to the <secondary> output; 0 to 1.");
}

BufferSettings buffer_settings(const Element& output, const BufferDefaults& defaults, bool waits_for_slice,
                               const WarnFn& warn) {
  const auto sections = output.sections("buffer");
  if (sections.size() > 1) throw ConfigError(sections[1]->pos, "there may be only one <buffer>");
  Element none;
  none.pos = output.pos;
  const Element& section = sections.empty() ? none : *sections.front();
  BufferOptions options;
  schema_of<BufferOptions>().apply(section, &options, [](const SourcePos&, const std::string&) {});

  BufferSettings settings;
  bool time = false;
  set_keys(section, defaults, settings, time);
  if (time) set_slices(section, options, defaults, settings);
  set_flush(options, defaults, time && waits_for_slice, section, warn, settings);
  settings.by_time = time && (waits_for_slice || settings.flush_mode == FlushMode::lazy);
  set_limits(options, section, settings);
  set_delivery(options, section, settings);
  settings.ack_when_written = defaults.ack_when_written && !kind_defaults(section).in_files;
  return settings;
}

}  // namespace logboom
