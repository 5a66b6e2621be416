// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#include "CAllocationCounter.h"

#include "Interposing.h"

#ifdef GYRE_INTERPOSES

// The functions of the C library are reached by their other names; the usual ones are taken over for the whole process.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static __thread uint64_t allocations;

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  allocations++;
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  allocations++;
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return 12;
  *result = memory;
  return 0;
}

bool gyre_allocations_counted(void) { return true; }
uint64_t gyre_allocations_of_thread(void) { return allocations; }

#else

bool gyre_allocations_counted(void) { return false; }
uint64_t gyre_allocations_of_thread(void) { return 0; }

#endif
