/* ENet's own compression: an adaptive range coder over an order-2 model (see range_coder.py, which explains it).
 * Bit for bit the reference's for every input, valid or not. */
#include "internal.h"

enum {
    TOP = 1 << 24,
    BOTTOM = 1 << 16,
    ORDER = 2,
    POOL = 4096,
    FULL = POOL - ORDER,
    ROOT = 0,
    ROOT_STEP = 3,
    STEP = 2,
    ESCAPE_STEP = 5,
    TOTAL_LIMIT = 0xFF00,
    ROOT_COUNT_LIMIT = 250,
    COUNT_LIMIT = 251
};

/* A symbol in one context, and the context of what follows that symbol. Index 0 is the root; as a link, 0 is none. */
typedef struct {
    uint8_t value, count;
    uint16_t under, left, right, parent; /* as symbol; parent: the same byte in the next shorter context */
    uint16_t first, escapes, total;      /* as context */
} node;

typedef struct {
    node nodes[POOL];
    uint32_t size;
} model;

static void model_reset(model *m) {
    m->nodes[ROOT] = (node){.escapes = 1, .total = 257};
    m->size = 1;
}

/* Halves the counts of a tree, rounded up; returns their sum. Depth is at most 256: a node a byte value. */
static uint32_t halve_tree(node *nodes, uint32_t at) {
    if (!at) return 0;
    node *n = &nodes[at];
    n->count = (uint8_t)(n->count - (n->count >> 1));
    n->under = (uint16_t)(n->count + halve_tree(nodes, n->left));
    return n->under + halve_tree(nodes, n->right);
}

static void halve(model *m, uint32_t context) {
    node *c = &m->nodes[context];
    uint32_t sum = halve_tree(m->nodes, c->first);
    c->escapes = (uint16_t)(c->escapes - (c->escapes >> 1));
    c->total = (uint16_t)(sum + c->escapes + (context ? 0 : 256));
}

static inline void raise_symbol(model *m, uint32_t context, node *symbol, uint32_t step, uint32_t weight) {
    node *c = &m->nodes[context];
    symbol->under = (uint16_t)(symbol->under + step);
    symbol->count = (uint8_t)(symbol->count + step);
    c->total = (uint16_t)(c->total + step);
    if (weight > (context ? COUNT_LIMIT : ROOT_COUNT_LIMIT) || c->total > TOTAL_LIMIT) halve(m, context);
}

static inline uint32_t add_symbol(model *m, uint32_t context, uint16_t *branch, uint32_t byte) {
    uint32_t at = m->size++, step = context ? STEP : ROOT_STEP;
    node *c = &m->nodes[context];
    *branch = (uint16_t)at;
    m->nodes[at] = (node){.value = (uint8_t)byte, .count = (uint8_t)step, .under = (uint16_t)step};
    if (context) {
        c->escapes = (uint16_t)(c->escapes + ESCAPE_STEP);
        step += ESCAPE_STEP;
    }
    c->total = (uint16_t)(c->total + step);
    if (c->total > TOTAL_LIMIT) halve(m, context);
    return at;
}

/* Counts a byte in a context (not the root). Returns its node; where its weight began, and how much it was before
 * (0: an escape). */
static inline uint32_t learn(model *m, uint32_t context, uint32_t byte, uint32_t *below, uint32_t *weight) {
    node *nodes = m->nodes;
    uint32_t sum = 0;
    uint16_t *branch = &nodes[context].first;
    while (*branch) {
        node *n = &nodes[*branch];
        if (n->value == byte) {
            uint32_t at = *branch;
            *weight = n->count;
            *below = sum + n->under - n->count;
            raise_symbol(m, context, n, STEP, *weight);
            return at;
        }
        if (byte < n->value) {
            n->under = (uint16_t)(n->under + STEP);
            branch = &n->left;
        } else {
            sum += n->under;
            branch = &n->right;
        }
    }
    *below = sum;
    *weight = 0;
    return add_symbol(m, context, branch, byte);
}

/* The root when compressing: every byte ends up here sooner or later, so sums lie ready instead of in a tree. The
 * decompressor cannot do so: what it does with forged data depends on the tree. */
typedef struct {
    uint16_t nodes[256];
    uint8_t counts[256];
    uint16_t within[16][16]; /* counts of the lower bytes in the same sixteen */
    uint16_t sixteens[16];   /* counts in the lower sixteens */
} root_table;

static inline void raise_above(uint16_t *sums, uint32_t place, uint32_t step) {
    for (uint32_t i = 0; i < 16; i++) sums[i] = (uint16_t)(sums[i] + (i > place ? step : 0));
}

static void halve_root(node *root, root_table *table) {
    uint32_t sum = 0;
    for (uint32_t high = 0; high < 16; high++) {
        uint32_t inside = 0;
        table->sixteens[high] = (uint16_t)sum;
        for (uint32_t low = 0; low < 16; low++) {
            uint8_t *count = &table->counts[high * 16 + low];
            *count = (uint8_t)(*count - (*count >> 1));
            table->within[high][low] = (uint16_t)inside;
            inside += *count;
        }
        sum += inside;
    }
    root->escapes = (uint16_t)(root->escapes - (root->escapes >> 1));
    root->total = (uint16_t)(sum + root->escapes + 256);
}

static inline uint32_t learn_in_root(model *m, root_table *table, uint32_t byte, uint32_t *below, uint32_t *weight) {
    node *root = &m->nodes[ROOT];
    uint32_t high = byte >> 4, low = byte & 15, at = table->nodes[byte];
    *below = byte + table->sixteens[high] + table->within[high][low];
    *weight = table->counts[byte] + 1u;
    raise_above(table->sixteens, high, ROOT_STEP);
    raise_above(table->within[high], low, ROOT_STEP);
    table->counts[byte] = (uint8_t)(table->counts[byte] + ROOT_STEP);
    if (!at) {
        table->nodes[byte] = (uint16_t)(at = m->size++);
        m->nodes[at] = (node){.value = (uint8_t)byte};
    }
    root->total = (uint16_t)(root->total + ROOT_STEP);
    if (*weight > ROOT_COUNT_LIMIT || root->total > TOTAL_LIMIT) halve_root(root, table);
    return at;
}

/* The symbol of a context (not the root) whose weight covers a slot; 0 where there is none. */
static inline uint32_t find(model *m, uint32_t context, uint32_t slot, uint32_t *start, uint32_t *weight) {
    node *nodes = m->nodes;
    uint32_t at = nodes[context].first, below = 0;
    while (at) {
        node *n = &nodes[at];
        uint32_t after = below + n->under;
        if (slot >= after) {
            below = after;
            at = n->right;
        } else if (slot >= after - n->count) {
            *weight = n->count;
            *start = after - n->count;
            raise_symbol(m, context, n, STEP, *weight);
            return at;
        } else {
            n->under = (uint16_t)(n->under + STEP);
            at = n->left;
        }
    }
    return 0;
}

/* The same in the root, where a byte that is not there yet has a weight of 1. A slot beyond all weights, which only
 * forged data has, wraps round to some byte. */
static inline uint32_t find_in_root(model *m, uint32_t slot, uint32_t *start, uint32_t *weight) {
    node *nodes = m->nodes;
    uint16_t *branch = &nodes[ROOT].first;
    uint32_t below = 0, byte = slot;
    while (*branch) {
        uint32_t at = *branch;
        node *n = &nodes[at];
        uint32_t after = below + n->under + n->value + 1;
        if (slot >= after) {
            byte = n->value + 1 + slot - after;
            below += n->under;
            branch = &n->right;
            continue;
        }
        uint32_t begin = after - n->count - 1;
        if (slot >= begin) {
            *weight = n->count + 1u;
            *start = begin;
            raise_symbol(m, ROOT, n, ROOT_STEP, *weight);
            return at;
        }
        byte = n->value - begin + slot;
        n->under = (uint16_t)(n->under + ROOT_STEP);
        branch = &n->left;
    }
    *start = slot;
    *weight = 1;
    return add_symbol(m, ROOT, branch, byte & 0xFF);
}

uint32_t range_coder_compress(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    model m;
    root_table root = {0};
    model_reset(&m);
    uint32_t predicted = 0, order = 0, low = 0, span = 0xFFFFFFFFu, used = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t context = predicted, shorter_of = 0;
        for (;;) {
            uint32_t start = m.nodes[context].escapes, whole = m.nodes[context].total, below, weight;
            uint32_t at = context ? learn(&m, context, data[i], &below, &weight)
                                  : learn_in_root(&m, &root, data[i], &below, &weight);
            if (shorter_of)
                m.nodes[shorter_of].parent = (uint16_t)at;
            else
                predicted = at;
            bool hit = weight > 0;
            if (hit) {
                start += below;
            } else {
                weight = start;
                start = 0;
            }
            if (weight) { /* It is 0 in a context without symbols: what can only be an escape need not be said. */
                span /= whole;
                low += start * span;
                span *= weight;
                for (;;) {
                    if ((low ^ (low + span)) >= TOP) {
                        if (span >= BOTTOM) break;
                        span = (0u - low) & 0xFFFF;
                    }
                    if (used >= limit) return 0;
                    out[used++] = (uint8_t)(low >> 24);
                    span <<= 8;
                    low <<= 8;
                }
            }
            if (hit) break;
            context = m.nodes[context].parent;
            shorter_of = at;
        }
        if (order < ORDER)
            order++;
        else
            predicted = m.nodes[predicted].parent;
        if (m.size >= FULL) {
            model_reset(&m);
            memset(&root, 0, sizeof root);
            predicted = order = 0;
        }
    }
    for (; low; low <<= 8) {
        if (used >= limit) return 0;
        out[used++] = (uint8_t)(low >> 24);
    }
    return used;
}

uint32_t range_coder_decompress(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    if (!length) return 0;
    model m;
    model_reset(&m);
    uint32_t predicted = 0, order = 0, low = 0, span = 0xFFFFFFFFu, code = 0, next = 0, used = 0;
    for (int i = 0; i < 4; i++) code = code << 8 | (next < length ? data[next++] : 0);
    for (;;) {
        uint32_t context = predicted, symbol = 0;
        for (;;) {
            uint32_t escape = m.nodes[context].escapes, start, weight;
            if (!escape) {
                context = m.nodes[context].parent;
                continue;
            }
            span /= m.nodes[context].total;
            uint32_t slot = ((code - low) / span) & 0xFFFF;
            if (slot < escape) {
                if (context == ROOT) return used;
                start = 0;
                weight = escape;
            } else {
                slot -= escape;
                symbol = context ? find(&m, context, slot, &start, &weight) : find_in_root(&m, slot, &start, &weight);
                if (!symbol) return 0;
                start += escape;
            }
            low += start * span;
            span *= weight;
            for (;;) {
                if ((low ^ (low + span)) >= TOP) {
                    if (span >= BOTTOM) break;
                    span = (0u - low) & 0xFFFF;
                }
                code = code << 8 | (next < length ? data[next++] : 0);
                span <<= 8;
                low <<= 8;
            }
            if (symbol) break;
            context = m.nodes[context].parent;
        }
        if (used >= limit) return 0;
        uint32_t byte = m.nodes[symbol].value;
        out[used++] = (uint8_t)byte;
        uint32_t longer = predicted, shorter_of = 0;
        while (longer != context) {
            uint32_t below, weight, at = learn(&m, longer, byte, &below, &weight);
            if (shorter_of)
                m.nodes[shorter_of].parent = (uint16_t)at;
            else
                predicted = at;
            longer = m.nodes[longer].parent;
            shorter_of = at;
        }
        if (shorter_of)
            m.nodes[shorter_of].parent = (uint16_t)symbol;
        else
            predicted = symbol;
        if (order < ORDER)
            order++;
        else
            predicted = m.nodes[predicted].parent;
        if (m.size >= FULL) {
            model_reset(&m);
            predicted = order = 0;
        }
    }
}
