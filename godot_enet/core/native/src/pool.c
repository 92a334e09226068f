/* Small blocks of memory, kept for reuse. */
#include "internal.h"

#include <stdlib.h>

void *pool_take(gde_engine *e, size_t size, bool *pooled) {
    *pooled = size <= POOL_BLOCK;
    if (!*pooled) return malloc(size);
    pool_block *block = e->pool;
    if (!block) return malloc(POOL_BLOCK);
    e->pool = block->next;
    e->pool_count--;
    return block;
}

void pool_give(gde_engine *e, void *given, bool pooled) {
    if (!pooled || e->pool_count >= POOL_LIMIT) {
        free(given);
        return;
    }
    pool_block *block = given;
    block->next = e->pool;
    e->pool = block;
    e->pool_count++;
}

void packet_free(gde_engine *e, packet *waiting) { pool_give(e, waiting, waiting->pooled); }
