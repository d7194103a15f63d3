/* Preloaded into logboom by tests: makes writing and syncing fail, be short or slow, opening and
 * reading fail, and the clock jump.
 *
 * FAULT_CONTROL names a file of the layout of `struct control`, which a test changes while the program runs.
 * FAULT_PREFIX: only files whose path begins with it are touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
  int64_t active;        /* 0: nothing happens but what the clock's offset says */
  int64_t write_error;   /* errno of a write that fails; 0: none does */
  int64_t write_every;   /* every how many-th write is hit; 0 and 1: each */
  int64_t write_limit;   /* no write takes more bytes at once; 0: any number */
  int64_t write_delay;   /* microseconds */
  int64_t sync_error;    /* errno of fsync and fdatasync */
  int64_t sync_every;
  int64_t sync_delay;    /* microseconds */
  int64_t space;         /* bytes that still fit; then ENOSPC. Negative: any number */
  int64_t open_error;    /* errno of opening a file that is there for reading */
  int64_t read_error;    /* errno of pread */
  int64_t clock_offset;  /* nanoseconds, of CLOCK_REALTIME */
  int64_t writes;        /* how many were seen */
  int64_t syncs;
  int64_t faults;        /* how many failed or were short */
};

static struct control *control;
static const char *prefix = "";

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
  *(void **)&real_write = dlsym(RTLD_NEXT, "write");
  *(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
  *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  *(void **)&real_pwritev = dlsym(RTLD_NEXT, "pwritev");
  *(void **)&real_pread = dlsym(RTLD_NEXT, "pread");
  *(void **)&real_open = dlsym(RTLD_NEXT, "open");
  *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
  *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  const char *path = getenv("FAULT_CONTROL");
  if (getenv("FAULT_PREFIX") != NULL) prefix = getenv("FAULT_PREFIX");
  int fd = path == NULL ? -1 : real_open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) control = memory;
  close(fd);
}

static int is_hit(int fd) {
  if (control == NULL || control->active == 0) return 0;
  char name[32] = "/proc/self/fd/";
  char digits[12];
  int count = 0;
  for (int rest = fd; count == 0 || rest > 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
  size_t at = strlen(name);
  while (count > 0) name[at++] = digits[--count];
  name[at] = '\0';
  char path[4096];
  const ssize_t size = readlink(name, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return strncmp(path, prefix, strlen(prefix)) == 0;
}

static void pause_for(int64_t microseconds) {
  if (microseconds <= 0) return;
  struct timespec time = {microseconds / 1000000, (microseconds % 1000000) * 1000};
  while (nanosleep(&time, &time) != 0 && errno == EINTR) {
  }
}

static int is_turn(int64_t *counter, int64_t every) {
  const int64_t number = __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
  return every <= 1 || number % every == 0;
}

/* How many of the bytes may be written now; -1 with errno where none. */
static ssize_t allowed(size_t size) {
  const int turn = is_turn(&control->writes, control->write_every);
  pause_for(turn ? control->write_delay : 0);
  size_t count = size;
  if (turn && control->write_error != 0) {
    __atomic_add_fetch(&control->faults, 1, __ATOMIC_RELAXED);
    errno = (int)control->write_error;
    return -1;
  }
  if (turn && control->write_limit > 0 && count > (size_t)control->write_limit) count = (size_t)control->write_limit;
  const int64_t space = control->space;
  if (space >= 0 && count > (size_t)space) count = (size_t)space;
  if (count < size) __atomic_add_fetch(&control->faults, 1, __ATOMIC_RELAXED);
  if (count == 0 && size > 0) {
    errno = ENOSPC;
    return -1;
  }
  if (space >= 0) __atomic_sub_fetch(&control->space, (int64_t)count, __ATOMIC_RELAXED);
  return (ssize_t)count;
}

ssize_t write(int fd, const void *data, size_t size) {
  if (!is_hit(fd)) return real_write(fd, data, size);
  const ssize_t count = allowed(size);
  return count < 0 ? -1 : real_write(fd, data, (size_t)count);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  if (!is_hit(fd)) return real_pwrite(fd, data, size, at);
  const ssize_t count = allowed(size);
  return count < 0 ? -1 : real_pwrite(fd, data, (size_t)count, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return pwrite(fd, data, size, at); }

/* The first parts of a vector that hold no more than `bytes`, the last one cut; how many they are. */
static int cut(const struct iovec *parts, int count, size_t bytes, struct iovec *out) {
  int kept = 0;
  for (; kept < count && kept < IOV_MAX && bytes > 0; ++kept) {
    out[kept] = parts[kept];
    if (out[kept].iov_len > bytes) out[kept].iov_len = bytes;
    bytes -= out[kept].iov_len;
  }
  return kept;
}

static size_t total(const struct iovec *parts, int count) {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!is_hit(fd)) return real_writev(fd, parts, count);
  const ssize_t bytes = allowed(total(parts, count));
  if (bytes < 0) return -1;
  struct iovec kept[IOV_MAX];
  return real_writev(fd, kept, cut(parts, count, (size_t)bytes, kept));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  if (!is_hit(fd)) return real_pwritev(fd, parts, count, at);
  const ssize_t bytes = allowed(total(parts, count));
  if (bytes < 0) return -1;
  struct iovec kept[IOV_MAX];
  return real_pwritev(fd, kept, cut(parts, count, (size_t)bytes, kept), at);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return pwritev(fd, parts, count, at); }

static int fails_with(int64_t error) {
  if (error == 0) return 0;
  __atomic_add_fetch(&control->faults, 1, __ATOMIC_RELAXED);
  errno = (int)error;
  return 1;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const int reads = (flags & O_CREAT) == 0 && (flags & O_ACCMODE) != O_WRONLY;
  if (control != NULL && control->active != 0 && reads && strncmp(path, prefix, strlen(prefix)) == 0 &&
      fails_with(control->open_error))
    return -1;
  return real_open(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open(path, flags, mode);
}

ssize_t pread(int fd, void *data, size_t size, off_t at) {
  if (is_hit(fd) && fails_with(control->read_error)) return -1;
  return real_pread(fd, data, size, at);
}
ssize_t pread64(int fd, void *data, size_t size, off_t at) { return pread(fd, data, size, at); }

static int sync_with(int (*real)(int), int fd) {
  if (!is_hit(fd)) return real(fd);
  const int turn = is_turn(&control->syncs, control->sync_every);
  if (turn) pause_for(control->sync_delay);
  if (turn && control->sync_error != 0) {
    __atomic_add_fetch(&control->faults, 1, __ATOMIC_RELAXED);
    errno = (int)control->sync_error;
    return -1;
  }
  return real(fd);
}

int fsync(int fd) { return sync_with(real_fsync, fd); }
int fdatasync(int fd) { return sync_with(real_fdatasync, fd); }

int clock_gettime(clockid_t clock, struct timespec *time) {
  const int result = real_clock_gettime(clock, time);
  if (result != 0 || control == NULL || control->clock_offset == 0) return result;
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return result;
  const int64_t all = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + control->clock_offset;
  time->tv_sec = all / 1000000000;
  time->tv_nsec = all % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
