// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#ifndef GYRE_INTERPOSING_H
#define GYRE_INTERPOSING_H

// Brings __GLIBC__.
#include <stddef.h>
#include <stdlib.h>

// Defined where functions of the C library can be taken over for the whole process: with glibc, and not under a sanitizer, which does it itself.
#if defined(__GLIBC__)
#define GYRE_INTERPOSES 1
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#undef GYRE_INTERPOSES
#endif
#endif

#endif
