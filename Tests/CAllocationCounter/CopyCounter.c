// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#define _GNU_SOURCE
#include "CAllocationCounter.h"

#include <dlfcn.h>

#include "Interposing.h"

#ifdef GYRE_INTERPOSES

// Copies shorter than this are heads, fields, numbers and tables.
enum { counted_bytes = 8192 };

typedef void *copy_function(void *, const void *, size_t);
static copy_function *system_memcpy, *system_memmove;

static __thread uint64_t copied_bytes;

__attribute__((constructor)) static void find_system_functions(void) {
  system_memcpy = (copy_function *)dlsym(RTLD_NEXT, "memcpy");
  system_memmove = (copy_function *)dlsym(RTLD_NEXT, "memmove");
}

// Until the constructor has run, and for nothing else. Volatile, or the loop would be made a call of the function it stands in.
static void *slow_copy(void *to, const void *from, size_t size) {
  volatile char *target = to;
  const volatile char *source = from;
  if (target < source) {
    for (size_t i = 0; i < size; i++) target[i] = source[i];
  } else {
    for (size_t i = size; i > 0; i--) target[i - 1] = source[i - 1];
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  if (system_memcpy == NULL) return slow_copy(to, from, size);
  if (size >= counted_bytes) copied_bytes += size;
  return system_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size) {
  if (system_memmove == NULL) return slow_copy(to, from, size);
  if (size >= counted_bytes) copied_bytes += size;
  return system_memmove(to, from, size);
}

bool gyre_copies_counted(void) { return true; }

uint64_t gyre_copied_bytes_of_thread(void) { return copied_bytes; }

#else

bool gyre_copies_counted(void) { return false; }
uint64_t gyre_copied_bytes_of_thread(void) { return 0; }

#endif
