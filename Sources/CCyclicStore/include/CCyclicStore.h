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

/// `pread` that fails with EAGAIN instead of waiting for the disk. -1 and EOPNOTSUPP where the system has no such call.
ssize_t gyre_pread_nowait(int fd, void *buffer, size_t count, int64_t offset);

/// Opens with O_CLOEXEC, and O_DIRECT when `direct` is not 0. -1 and errno on failure.
int gyre_open(const char *path, int create, int direct);

/// Opens for reading only, with O_CLOEXEC. -1 and errno on failure.
int gyre_open_read_only(const char *path);

/// Size in bytes of a regular file or block device, or -1 and errno. `is_device` is set to 1 for a block device.
int64_t gyre_device_size(int fd, int *is_device);

/// Reserves blocks for the whole file, so that later writes cannot run out of space. 0, or an errno value.
int gyre_preallocate(int fd, int64_t size);

/// Takes an exclusive advisory lock on the open file. 0, or an errno value (EWOULDBLOCK: somebody else has it).
int gyre_lock_file(int fd);

/// Fills `buffer` with random bytes from the system. 0, or an errno value.
int gyre_random(void *buffer, size_t count);

#endif
