#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LOGBOOM_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LOGBOOM_SANITIZED
#endif

/// How often a long test does what it does so many times: a tenth under a sanitizer, where everything takes thirty
/// times as long.
constexpr int often(int times) {
#ifdef LOGBOOM_SANITIZED
  return times / 10;
#else
  return times;
#endif
}
