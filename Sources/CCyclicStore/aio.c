// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#define _GNU_SOURCE
#include "CCyclicStore.h"

#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct gyre_aio {
    struct aiocb block;
};

struct gyre_aio *gyre_aio_make(void) { return calloc(1, sizeof(struct gyre_aio)); }
void gyre_aio_free(struct gyre_aio *aio) { free(aio); }

int gyre_aio_start(struct gyre_aio *aio, enum gyre_aio_kind kind, int fd, void *bytes, size_t count, int64_t offset) {
    memset(&aio->block, 0, sizeof aio->block);
    aio->block.aio_fildes = fd;
    aio->block.aio_buf = bytes;
    aio->block.aio_nbytes = count;
    aio->block.aio_offset = offset;
    aio->block.aio_sigevent.sigev_notify = SIGEV_NONE;
    int status = -1;
    switch (kind) {
    case GYRE_AIO_READ: status = aio_read(&aio->block); break;
    case GYRE_AIO_WRITE: status = aio_write(&aio->block); break;
#if defined(__APPLE__)
    case GYRE_AIO_SYNC: status = aio_fsync(O_SYNC, &aio->block); break;
#else
    case GYRE_AIO_SYNC: status = aio_fsync(O_DSYNC, &aio->block); break;
#endif
    }
    return status == 0 ? 0 : errno;
}

int gyre_aio_wait(struct gyre_aio *const *list, int count) {
    // The block is the first and only member, so a list of the one is a list of the other.
    return aio_suspend((const struct aiocb *const *)list, count, NULL) == 0 ? 0 : errno;
}

int gyre_aio_finished(struct gyre_aio *aio, int64_t *result) {
    int status = aio_error(&aio->block);
    if (status == EINPROGRESS) return 0;
    ssize_t count = aio_return(&aio->block);
    *result = status == 0 ? count : -(int64_t)status;
    return 1;
}
