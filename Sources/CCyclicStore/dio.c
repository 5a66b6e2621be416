// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// Apart from the other files because <linux/stat.h> and <sys/stat.h> both define struct statx, the latter without the fields asked for here.

#include "CCyclicStore.h"

#if defined(__linux__)
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

unsigned gyre_direct_alignment(int fd) {
#if defined(STATX_DIOALIGN)
    struct statx info;
    memset(&info, 0, sizeof info);
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) == 0 && (info.stx_mask & STATX_DIOALIGN))
        return info.stx_dio_offset_align > info.stx_dio_mem_align ? info.stx_dio_offset_align : info.stx_dio_mem_align;
#endif
    (void)fd;
    return 0;
}
#else
unsigned gyre_direct_alignment(int fd) {
    (void)fd;
    return 0;
}
#endif
