// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors
//
// A disk on which every transfer takes 100 ms, for the program that this is loaded into before its libraries (LD_PRELOAD): reads, writes and
// syncs of files whose path begins with SLOW_FILES wait that long on the thread that calls them. A read that must not wait finds nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MICROSECONDS = 100000 };

static int is_slow(int fd) {
    const char *files = getenv("SLOW_FILES");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (files == NULL || count < 0) return 0;
    path[count] = 0;
    return strncmp(path, files, strlen(files)) == 0;
}

#define NEXT(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)
#define SLOW(result, name, parameters, ...)            \
    result name parameters {                           \
        if (is_slow(fd)) usleep(MICROSECONDS);         \
        return NEXT(name, __VA_ARGS__);                \
    }

SLOW(ssize_t, pread, (int fd, void *to, size_t count, off_t offset), fd, to, count, offset)
SLOW(ssize_t, pread64, (int fd, void *to, size_t count, off64_t offset), fd, to, count, offset)
SLOW(ssize_t, pwrite, (int fd, const void *from, size_t count, off_t offset), fd, from, count, offset)
SLOW(ssize_t, pwrite64, (int fd, const void *from, size_t count, off64_t offset), fd, from, count, offset)
SLOW(ssize_t, preadv, (int fd, const struct iovec *to, int count, off_t offset), fd, to, count, offset)
SLOW(ssize_t, preadv64, (int fd, const struct iovec *to, int count, off64_t offset), fd, to, count, offset)
SLOW(ssize_t, pwritev, (int fd, const struct iovec *from, int count, off_t offset), fd, from, count, offset)
SLOW(ssize_t, pwritev64, (int fd, const struct iovec *from, int count, off64_t offset), fd, from, count, offset)
SLOW(int, fsync, (int fd), fd)
SLOW(int, fdatasync, (int fd), fd)

static ssize_t would_wait(void) {
    errno = EAGAIN;
    return -1;
}

ssize_t preadv2(int fd, const struct iovec *to, int count, off_t offset, int flags) {
    return is_slow(fd) ? would_wait() : NEXT(preadv2, fd, to, count, offset, flags);
}

ssize_t preadv64v2(int fd, const struct iovec *to, int count, off64_t offset, int flags) {
    return is_slow(fd) ? would_wait() : NEXT(preadv64v2, fd, to, count, offset, flags);
}
