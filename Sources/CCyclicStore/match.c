// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// The index's lookup in two groups of eight slots. Few instructions and no branch on what is in memory: how many lookups have their memory
// accesses under way together depends on how many of them fit into the processor's window.

#include "CCyclicStore.h"

static inline uint32_t match_eight(const uint64_t *group, uint64_t mask, uint64_t wanted) {
    uint32_t found = 0;
    for (unsigned position = 0; position < 8; position++)
        found |= (uint32_t)((group[position] & mask) == wanted && group[position] != 0) << position;
    return found;
}

static inline uint32_t free_in_eight(const uint64_t *group) {
    uint32_t found = 0;
    for (unsigned position = 0; position < 8; position++) found |= (uint32_t)(group[position] == 0) << position;
    return found;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static uint32_t
match_512(const uint64_t *a, const uint64_t *b, uint64_t mask, uint64_t wanted) {
    __m512i masks = _mm512_set1_epi64((long long)mask), wants = _mm512_set1_epi64((long long)wanted);
    __m512i first = _mm512_loadu_si512(a), second = _mm512_loadu_si512(b);
    uint32_t low = _mm512_mask_cmpeq_epi64_mask(_mm512_test_epi64_mask(first, first), _mm512_and_si512(first, masks), wants);
    uint32_t high = _mm512_mask_cmpeq_epi64_mask(_mm512_test_epi64_mask(second, second), _mm512_and_si512(second, masks), wants);
    return low | high << 8;
}

__attribute__((target("avx2"))) static inline uint32_t match_four(const uint64_t *slots, __m256i masks, __m256i wants) {
    __m256i all = _mm256_loadu_si256((const __m256i *)slots);
    __m256i equal = _mm256_cmpeq_epi64(_mm256_and_si256(all, masks), wants);
    __m256i empty = _mm256_cmpeq_epi64(all, _mm256_setzero_si256());
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_andnot_si256(empty, equal)));
}

__attribute__((target("avx2"))) static uint32_t
match_256(const uint64_t *a, const uint64_t *b, uint64_t mask, uint64_t wanted) {
    __m256i masks = _mm256_set1_epi64x((long long)mask), wants = _mm256_set1_epi64x((long long)wanted);
    return match_four(a, masks, wants) | match_four(a + 4, masks, wants) << 4 | match_four(b, masks, wants) << 8
        | match_four(b + 4, masks, wants) << 12;
}

__attribute__((target("avx512f"))) static uint32_t free_512(const uint64_t *a, const uint64_t *b) {
    __m512i first = _mm512_loadu_si512(a), second = _mm512_loadu_si512(b);
    return (uint32_t)_mm512_testn_epi64_mask(first, first) | (uint32_t)_mm512_testn_epi64_mask(second, second) << 8;
}

static int level;
__attribute__((constructor)) static void find_level(void) {
    level = __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0;
}

uint32_t gyre_match_groups(const uint64_t *a, const uint64_t *b, uint64_t mask, uint64_t wanted) {
    if (level == 2) return match_512(a, b, mask, wanted);
    if (level == 1) return match_256(a, b, mask, wanted);
    return match_eight(a, mask, wanted) | match_eight(b, mask, wanted) << 8;
}

uint32_t gyre_free_in_groups(const uint64_t *a, const uint64_t *b) {
    return level == 2 ? free_512(a, b) : free_in_eight(a) | free_in_eight(b) << 8;
}
#else
uint32_t gyre_free_in_groups(const uint64_t *a, const uint64_t *b) { return free_in_eight(a) | free_in_eight(b) << 8; }

uint32_t gyre_match_groups(const uint64_t *a, const uint64_t *b, uint64_t mask, uint64_t wanted) {
    return match_eight(a, mask, wanted) | match_eight(b, mask, wanted) << 8;
}
#endif
