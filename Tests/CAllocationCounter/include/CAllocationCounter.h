// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#ifndef GYRE_C_ALLOCATION_COUNTER_H
#define GYRE_C_ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted in this build: with glibc and without a sanitizer, which has an allocator of its own.
bool gyre_allocations_counted(void);

/// How many times the calling thread has allocated memory since it began.
uint64_t gyre_allocations_of_thread(void);

/// Whether copies are counted in this build; see `gyre_allocations_counted`.
bool gyre_copies_counted(void);

/// How many bytes the calling thread has copied by `memcpy` and `memmove` since it began, in copies of 16 KiB or more.
uint64_t gyre_copied_bytes_of_thread(void);

#endif
