// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// io_uring by its three system calls. No liburing: what is needed of it is small, and the store then builds with the kernel's header alone.

#include "CCyclicStore.h"

#if defined(GYRE_IO_URING) && defined(__linux__)

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct gyre_uring {
    int fd;
    unsigned entries, completion_entries;
    unsigned *sq_head, *sq_tail, *sq_array;
    unsigned *cq_head, *cq_tail;
    unsigned sq_mask, cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    void *rings;
    size_t ring_bytes, sqe_bytes;
};

static int enter(int fd, unsigned submit, unsigned wait, unsigned flags) {
    return (int)syscall(__NR_io_uring_enter, fd, submit, wait, flags, NULL, 0);
}

static int check_operations(int fd) {
    enum { count = 64 };
    struct io_uring_probe *probe = calloc(1, sizeof *probe + count * sizeof probe->ops[0]);
    if (!probe) return ENOMEM;
    int status = syscall(__NR_io_uring_register, fd, IORING_REGISTER_PROBE, probe, count) < 0 ? ENOSYS : 0;
    static const unsigned char needed[] = {IORING_OP_NOP, IORING_OP_READ, IORING_OP_WRITE, IORING_OP_FSYNC};
    for (size_t i = 0; status == 0 && i < sizeof needed; i++)
        if (needed[i] > probe->last_op || !(probe->ops[needed[i]].flags & IO_URING_OP_SUPPORTED)) status = ENOSYS;
    free(probe);
    return status;
}

int gyre_uring_open(unsigned submissions, unsigned completions, struct gyre_uring **out) {
    struct io_uring_params params;
    memset(&params, 0, sizeof params);
    params.flags = IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
    params.cq_entries = completions;
    int fd = (int)syscall(__NR_io_uring_setup, submissions, &params);
    if (fd < 0) return errno;
    int status = params.features & IORING_FEAT_SINGLE_MMAP ? check_operations(fd) : ENOSYS;
    struct gyre_uring *ring = status == 0 ? calloc(1, sizeof *ring) : NULL;
    if (!ring) {
        close(fd);
        return status ? status : ENOMEM;
    }
    ring->fd = fd;
    ring->entries = params.sq_entries;
    ring->completion_entries = params.cq_entries;
    size_t sq = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    ring->ring_bytes = sq > cq ? sq : cq;
    ring->sqe_bytes = params.sq_entries * sizeof(struct io_uring_sqe);
    ring->rings = mmap(NULL, ring->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
    ring->sqes = mmap(NULL, ring->sqe_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
    if (ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED) {
        status = errno;
        gyre_uring_close(ring);
        return status;
    }
    char *base = ring->rings;
    ring->sq_head = (unsigned *)(base + params.sq_off.head);
    ring->sq_tail = (unsigned *)(base + params.sq_off.tail);
    ring->sq_array = (unsigned *)(base + params.sq_off.array);
    ring->sq_mask = *(unsigned *)(base + params.sq_off.ring_mask);
    ring->cq_head = (unsigned *)(base + params.cq_off.head);
    ring->cq_tail = (unsigned *)(base + params.cq_off.tail);
    ring->cq_mask = *(unsigned *)(base + params.cq_off.ring_mask);
    ring->cqes = (struct io_uring_cqe *)(base + params.cq_off.cqes);
    *out = ring;
    return 0;
}

void gyre_uring_close(struct gyre_uring *ring) {
    if (ring->rings && ring->rings != MAP_FAILED) munmap(ring->rings, ring->ring_bytes);
    if (ring->sqes && (void *)ring->sqes != MAP_FAILED) munmap(ring->sqes, ring->sqe_bytes);
    close(ring->fd);
    free(ring);
}

unsigned gyre_uring_completion_entries(const struct gyre_uring *ring) { return ring->completion_entries; }

int gyre_uring_submit(
    struct gyre_uring *ring, enum gyre_uring_kind kind, int fd, void *bytes, size_t count, int64_t offset, uint64_t token, int off_caller
) {
    unsigned tail = *ring->sq_tail;
    if (tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE) >= ring->entries) return EAGAIN;
    struct io_uring_sqe *sqe = &ring->sqes[tail & ring->sq_mask];
    memset(sqe, 0, sizeof *sqe);
    switch (kind) {
    case GYRE_URING_NOP: sqe->opcode = IORING_OP_NOP; break;
    case GYRE_URING_READ: sqe->opcode = IORING_OP_READ; break;
    case GYRE_URING_WRITE: sqe->opcode = IORING_OP_WRITE; break;
    case GYRE_URING_SYNC:
        sqe->opcode = IORING_OP_FSYNC;
        sqe->fsync_flags = IORING_FSYNC_DATASYNC;
        break;
    }
    if (kind == GYRE_URING_READ || kind == GYRE_URING_WRITE) {
        sqe->addr = (uint64_t)(uintptr_t)bytes;
        sqe->len = count > (1u << 30) ? 1u << 30 : (unsigned)count;
        sqe->off = (uint64_t)offset;
    }
    sqe->fd = kind == GYRE_URING_NOP ? -1 : fd;
    sqe->flags = off_caller ? IOSQE_ASYNC : 0;
    sqe->user_data = token;
    ring->sq_array[tail & ring->sq_mask] = tail & ring->sq_mask;
    __atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
    int status;
    do status = enter(ring->fd, 1, 0, 0) < 0 ? errno : 0;
    while (status == EINTR);
    // What counts is whether the kernel has taken it. It reads the ring only inside the call, so an entry that it left can be withdrawn.
    if (__atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE) == tail + 1) return 0;
    __atomic_store_n(ring->sq_tail, tail, __ATOMIC_RELEASE);
    return status ? status : EAGAIN;
}

int gyre_uring_wait(struct gyre_uring *ring) {
    return enter(ring->fd, 0, 1, IORING_ENTER_GETEVENTS) < 0 ? errno : 0;
}

int gyre_uring_next(struct gyre_uring *ring, uint64_t *token, int32_t *result) {
    unsigned head = *ring->cq_head;
    if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE)) return 0;
    const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
    *token = cqe->user_data;
    *result = cqe->res;
    __atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
    return 1;
}

#endif
