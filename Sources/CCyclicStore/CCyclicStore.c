// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#define _GNU_SOURCE
#include "CCyclicStore.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#endif

// ---- CRC-32C ------------------------------------------------------------------------------------------------------

static uint32_t table[8][256];

__attribute__((constructor)) static void make_table(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int slice = 1; slice < 8; slice++)
            table[slice][i] = (table[slice - 1][i] >> 8) ^ table[0][table[slice - 1][i] & 0xFF];
}

static uint32_t crc_portable(uint32_t crc, const unsigned char *p, size_t n) {
    for (; n >= 8; p += 8, n -= 8) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + 4, 4);
        low ^= crc;
        crc = table[7][low & 0xFF] ^ table[6][(low >> 8) & 0xFF] ^ table[5][(low >> 16) & 0xFF] ^ table[4][low >> 24]
            ^ table[3][high & 0xFF] ^ table[2][(high >> 8) & 0xFF] ^ table[1][(high >> 16) & 0xFF] ^ table[0][high >> 24];
    }
    while (n--) crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 0xFF];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_one(uint32_t crc, const unsigned char *p, size_t n) {
    uint64_t wide = crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    while (n--) crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}

// The instruction takes three cycles and one can begin in each, so three runs of bytes go side by side and are joined: the checksum of the
// first is carried over the length of the next by a table of what so many zeros make of it (after Mark Adler's crc32c.c).
enum { long_run = 2048, short_run = 256 };
static uint32_t over_long[4][256], over_short[4][256];

static void make_over(uint32_t over[4][256], size_t run) {
    static const unsigned char zeros[long_run];
    uint32_t column[32];
    for (int bit = 0; bit < 32; bit++) column[bit] = crc_one(1u << bit, zeros, run);
    for (int part = 0; part < 4; part++)
        for (int value = 0; value < 256; value++) {
            uint32_t sum = 0;
            for (int bit = 0; bit < 8; bit++)
                if (value >> bit & 1) sum ^= column[part * 8 + bit];
            over[part][value] = sum;
        }
}

__attribute__((constructor)) static void make_overs(void) {
    if (!__builtin_cpu_supports("sse4.2")) return;
    make_over(over_long, long_run);
    make_over(over_short, short_run);
}

static inline uint32_t carry(const uint32_t over[4][256], uint32_t crc) {
    return over[0][crc & 0xFF] ^ over[1][(crc >> 8) & 0xFF] ^ over[2][(crc >> 16) & 0xFF] ^ over[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static inline uint32_t
crc_three(uint32_t crc, const unsigned char *p, size_t run, const uint32_t over[4][256]) {
    uint64_t a = crc, b = 0, c = 0;
    for (const unsigned char *end = p + run; p < end; p += 8) {
        uint64_t x, y, z;
        memcpy(&x, p, 8);
        memcpy(&y, p + run, 8);
        memcpy(&z, p + 2 * run, 8);
        a = __builtin_ia32_crc32di(a, x);
        b = __builtin_ia32_crc32di(b, y);
        c = __builtin_ia32_crc32di(c, z);
    }
    return carry(over, carry(over, (uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
}

__attribute__((target("sse4.2"))) static uint32_t crc_hardware(uint32_t crc, const unsigned char *p, size_t n) {
    for (; n >= 3 * long_run; p += 3 * long_run, n -= 3 * long_run) crc = crc_three(crc, p, long_run, over_long);
    for (; n >= 3 * short_run; p += 3 * short_run, n -= 3 * short_run) crc = crc_three(crc, p, short_run, over_short);
    return crc_one(crc, p, n);
}

uint32_t gyre_crc32c(uint32_t crc, const void *bytes, size_t count) {
    crc = ~crc;
    crc = __builtin_cpu_supports("sse4.2") ? crc_hardware(crc, bytes, count) : crc_portable(crc, bytes, count);
    return ~crc;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
uint32_t gyre_crc32c(uint32_t crc, const void *bytes, size_t count) {
    const unsigned char *p = bytes;
    crc = ~crc;
    for (; count >= 8; p += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc = __crc32cd(crc, word);
    }
    while (count--) crc = __crc32cb(crc, *p++);
    return ~crc;
}
#else
uint32_t gyre_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return ~crc_portable(~crc, bytes, count);
}
#endif

// ---- files --------------------------------------------------------------------------------------------------------

ssize_t gyre_pread_nowait(int fd, void *buffer, size_t count, int64_t offset) {
#if defined(__linux__) && defined(RWF_NOWAIT)
    struct iovec vector = {buffer, count};
    return preadv2(fd, &vector, 1, offset, RWF_NOWAIT);
#else
    (void)fd; (void)buffer; (void)count; (void)offset;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int gyre_open(const char *path, int create) {
    int flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0);
#if defined(__linux__)
    // A block device that is mounted, or part of another device, is refused (EBUSY) rather than overwritten under its user.
    struct stat info;
    if (stat(path, &info) == 0 && S_ISBLK(info.st_mode)) flags = (flags & ~O_CREAT) | O_EXCL;
#endif
    return open(path, flags, 0600);
}

int gyre_set_direct(int fd) {
#if defined(O_DIRECT)
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_DIRECT) == 0 ? 0 : errno;
#elif defined(F_NOCACHE)
    return fcntl(fd, F_NOCACHE, 1) == 0 ? 0 : errno;
#else
    (void)fd;
    return EOPNOTSUPP;
#endif
}

int gyre_open_read_only(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

unsigned gyre_sector_bytes(int fd) {
#if defined(__linux__)
    int bytes = 0;
    if (ioctl(fd, BLKSSZGET, &bytes) == 0 && bytes > 0) return (unsigned)bytes;
#endif
    (void)fd;
    return 0;
}

int64_t gyre_device_size(int fd, int *is_device) {
    struct stat info;
    if (fstat(fd, &info) != 0) return -1;
    *is_device = S_ISBLK(info.st_mode) ? 1 : 0;
    if (S_ISREG(info.st_mode)) return info.st_size;
#if defined(__linux__)
    if (S_ISBLK(info.st_mode)) {
        uint64_t size = 0;
        if (ioctl(fd, BLKGETSIZE64, &size) != 0) return -1;
        return (int64_t)size;
    }
#endif
    errno = EINVAL;
    return -1;
}

int gyre_preallocate(int fd, int64_t size) {
#if defined(__linux__)
    int status;
    do status = fallocate(fd, 0, 0, size);
    while (status != 0 && errno == EINTR);
    return status == 0 ? 0 : errno;
#elif defined(__APPLE__)
    fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, size, 0};
    if (fcntl(fd, F_PREALLOCATE, &store) != 0) return errno;
    return ftruncate(fd, size) == 0 ? 0 : errno;
#else
    return posix_fallocate(fd, 0, size);
#endif
}

int gyre_resize(int fd, int64_t size) {
    int status;
    do status = ftruncate(fd, size);
    while (status != 0 && errno == EINTR);
    return status == 0 ? 0 : errno;
}

int gyre_lock_file(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno; }

int gyre_random(void *buffer, size_t count) {
#if defined(__linux__)
    unsigned char *p = buffer;
    while (count > 0) {
        ssize_t got = getrandom(p, count, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        p += got;
        count -= (size_t)got;
    }
    return 0;
#else
    return getentropy(buffer, count) == 0 ? 0 : errno;
#endif
}

void gyre_name_thread(const char *name) {
#if defined(__APPLE__)
    pthread_setname_np(name);
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#endif
}

void gyre_return_free_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
