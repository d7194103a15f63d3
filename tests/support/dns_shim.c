/* Preloaded into logboom by tests: name servers that are silent. What is asked about a name below "silent.test", or
 * about an address other than 127.0.0.1, is answered after SILENT_SECONDS: with an error. The file SILENT_NOTE gets a
 * byte for each question. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int (*real_getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
static int (*real_getnameinfo)(const struct sockaddr *, socklen_t, char *, socklen_t, char *, socklen_t, int);
static unsigned silence = 60;

__attribute__((constructor)) static void begin(void) {
  *(void **)&real_getaddrinfo = dlsym(RTLD_NEXT, "getaddrinfo");
  *(void **)&real_getnameinfo = dlsym(RTLD_NEXT, "getnameinfo");
  const char *given = getenv("SILENT_SECONDS");
  if (given != NULL) silence = (unsigned)atoi(given);
}

static int keep_silent(void) {
  const char *path = getenv("SILENT_NOTE");
  const int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0 && write(fd, "?", 1) == 1) close(fd);
  sleep(silence);
  return EAI_AGAIN;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  const int asks = hints == NULL || (hints->ai_flags & AI_NUMERICHOST) == 0;
  if (!asks || name == NULL || strstr(name, "silent.test") == NULL) {
    return real_getaddrinfo(name, service, hints, result);
  }
  return keep_silent();
}

int getnameinfo(const struct sockaddr *address, socklen_t size, char *name, socklen_t room, char *service,
                socklen_t service_room, int flags) {
  const struct sockaddr_in *four = (const struct sockaddr_in *)address;
  const int is_home = four->sin_family == AF_INET && four->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
  if ((flags & NI_NUMERICHOST) != 0 || is_home) {
    return real_getnameinfo(address, size, name, room, service, service_room, flags);
  }
  return keep_silent();
}
