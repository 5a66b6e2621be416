// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#ifndef C_CYCLIC_STORE_H
#define C_CYCLIC_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Extends a CRC-32C (Castagnoli, RFC 3720 appendix B.4) over `count` bytes. Start with `crc` 0.
/// Uses the processor's instruction where there is one, a table otherwise.
uint32_t gyre_crc32c(uint32_t crc, const void *bytes, size_t count);

/// Which of eight words at `a` (bits 0 to 7) and eight at `b` (bits 8 to 15) are not zero and have the bits `wanted` under `mask`. Both are
/// fastest where they begin on a cache line (64 bytes); any alignment is right.
uint32_t gyre_match_groups(const uint64_t *a, const uint64_t *b, uint64_t mask, uint64_t wanted);

/// Which of the sixteen are zero.
uint32_t gyre_free_in_groups(const uint64_t *a, const uint64_t *b);

/// Names the calling thread for `top -H` and debuggers; at most 15 bytes, or nothing happens.
void gyre_name_thread(const char *name);

/// Has a line of memory brought into the processor's caches; any address is right.
static inline void gyre_prefetch(const void *address) { __builtin_prefetch(address); }

/// `pread` that fails with EAGAIN instead of waiting for the disk. -1 and EOPNOTSUPP where the system has no such call.
ssize_t gyre_pread_nowait(int fd, void *buffer, size_t count, int64_t offset);

/// Opens for reading and writing with O_CLOEXEC; a block device exclusively: EBUSY when it is mounted. -1 and errno on failure.
int gyre_open(const char *path, int create);

/// From now on the open file bypasses the page cache. 0, or an errno value (EINVAL: the file system has no direct I/O).
int gyre_set_direct(int fd);

/// Opens for reading only, with O_CLOEXEC. -1 and errno on failure.
int gyre_open_read_only(const char *path);

/// Size in bytes of a regular file or block device, or -1 and errno. `is_device` is set to 1 for a block device.
int64_t gyre_device_size(int fd, int *is_device);

/// Bytes of a logical sector of a block device, 0 when unknown.
unsigned gyre_sector_bytes(int fd);

/// What direct I/O on a file demands of offsets, lengths and memory, in bytes; 0 when the system does not say (Linux before 6.1).
unsigned gyre_direct_alignment(int fd);

/// Reserves blocks for the whole file, so that later writes cannot run out of space, and makes it that long. What is in it stays.
/// 0, or an errno value (EOPNOTSUPP: the file system cannot).
int gyre_preallocate(int fd, int64_t size);

/// Makes the file this long and reserves nothing. 0, or an errno value.
int gyre_resize(int fd, int64_t size);

/// Takes an exclusive advisory lock on the open file. 0, or an errno value (EWOULDBLOCK: somebody else has it).
int gyre_lock_file(int fd);

/// Has the allocator give whole pages that are free back to the system, where it does not do so by itself (glibc, whose arenas keep them). Some
/// milliseconds for each 100 MB.
void gyre_return_free_memory(void);

/// Fills `buffer` with random bytes from the system. 0, or an errno value.
int gyre_random(void *buffer, size_t count);

// ---- POSIX AIO ----------------------------------------------------------------------------------------------------

/// One asynchronous operation.
struct gyre_aio;
enum gyre_aio_kind { GYRE_AIO_READ, GYRE_AIO_WRITE, GYRE_AIO_SYNC };

/// Memory for an operation; NULL when there is none.
struct gyre_aio *gyre_aio_make(void);
void gyre_aio_free(struct gyre_aio *aio);

/// Starts the operation. 0, or an errno value: then nothing was started.
int gyre_aio_start(struct gyre_aio *aio, enum gyre_aio_kind kind, int fd, void *bytes, size_t count, int64_t offset);

/// Waits until one of these is finished. 0, or an errno value (EINTR: a signal came).
int gyre_aio_wait(struct gyre_aio *const *list, int count);

/// 1 when the operation is finished; `result` is then the count of bytes, or an errno value negated. To be asked once after that no more.
int gyre_aio_finished(struct gyre_aio *aio, int64_t *result);

// ---- io_uring -----------------------------------------------------------------------------------------------------

// Defined only on Linux, with the package trait IOUring.

/// A ring for submissions and one for completions. Submitting is for one thread at a time, and so is taking completions.
struct gyre_uring;
enum gyre_uring_kind { GYRE_URING_NOP, GYRE_URING_READ, GYRE_URING_WRITE, GYRE_URING_SYNC };

/// Makes the rings. 0, or an errno value (ENOSYS: the kernel has no io_uring or lacks an operation; EPERM: it is forbidden).
int gyre_uring_open(unsigned submissions, unsigned completions, struct gyre_uring **ring);

/// Gives the rings back. Nothing may be under way.
void gyre_uring_close(struct gyre_uring *ring);

/// How many completions the kernel has room for: no more operations may be under way.
unsigned gyre_uring_completion_entries(const struct gyre_uring *ring);

/// Hands one operation to the kernel. With `off_caller` it is never tried on the calling thread first.
/// 0, or an errno value: then nothing was queued (EAGAIN: there is no room for it in the ring, or in the kernel).
int gyre_uring_submit(
    struct gyre_uring *ring, enum gyre_uring_kind kind, int fd, void *bytes, size_t count, int64_t offset, uint64_t token, int off_caller
);

/// Waits until there is a completion. 0, or an errno value (EINTR: a signal came).
int gyre_uring_wait(struct gyre_uring *ring);

/// Takes a completion: 1, or 0 when there is none. `result` is a count of bytes, or an errno value negated.
int gyre_uring_next(struct gyre_uring *ring, uint64_t *token, int32_t *result);

#endif
