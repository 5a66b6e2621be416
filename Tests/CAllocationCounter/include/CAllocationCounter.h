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

#endif
