/* ENet's own compression: an adaptive range coder over an order-2 model (see range_coder.py, which explains it).
 * Bit for bit the reference's for every input, valid or not.
 *
 * The reference keeps the symbols of a context in a binary search tree. What a byte is coded as depends on their
 * weights alone, not on the shape of the tree, so here they lie flat: those of the root in tables, those of other
 * contexts in cells of eight. Only what the decoder makes of forged data depends on the tree of the root: see branch. */
#include <stdlib.h>

#include "internal.h"

/* GDE_PORTABLE is for tests: what other processors than x86 run. */
#if (defined(__SSE2__) || defined(_M_X64)) && !defined(GDE_PORTABLE)
#include <emmintrin.h>
#define HAS_SSE2 1
#endif
#ifdef __GNUC__
#define INLINE inline __attribute__((always_inline))
#define RARE __attribute__((noinline))
/* Keeps a branch a branch: with a conditional move, all that follows would have to wait for what a search finds. */
#define BRANCH __asm__ volatile("")
#else
#include <intrin.h>
#define INLINE __forceinline
#define RARE __declspec(noinline)
#define BRANCH (void)0
#endif

enum {
    TOP = 1 << 24,
    BOTTOM = 1 << 16,
    ORDER = 2,
    POOL = 4096, /* The reference's: what counts are symbols, in any context, and the root. */
    FULL = POOL - ORDER,
    ROOT = 0,
    ROOT_STEP = 3,
    STEP = 2,
    ESCAPE_STEP = 5,
    TOTAL_LIMIT = 0xFF00,
    ROOT_COUNT_LIMIT = 250,
    COUNT_LIMIT = 251,
    LANES = 8,
    /* A symbol is a context, too, with a cell of its own, unless it stands in a context of two bytes; and a context
     * needs one more with each eighth symbol after its first. */
    CELLS = POOL + POOL / LANES
};

static const uint64_t EACH = 0x0101010101010101u;

/* A context (not the root) and its first symbols; or further ones, and of the first line only "more" counts. Lane 0 is
 * the lowest byte. Free lanes have a count of 0 and the value of lane 0: whoever looks for that finds lane 0 first. */
typedef struct {
    uint16_t escapes, symbols; /* These, and total, are 0 as long as there are no symbols. */
    uint16_t parent;           /* the next shorter context */
    uint16_t more;             /* the next cell of the context; 0 in its last */
    uint32_t total;
    uint64_t values, counts;
    uint16_t below[LANES]; /* the counts of all lower values of the context together; the decoder's alone */
    uint16_t links[LANES]; /* the context to begin with after this symbol */
} cell;

/* The symbols of the root: here every byte has a weight of one more than its count. */
typedef struct {
    uint16_t within[16][16]; /* weights of the lower bytes in the same sixteen */
    uint16_t sixteens[16];   /* weights in the lower sixteens */
    uint16_t cells[256];     /* the byte as context, or 0 */
    uint8_t counts[256];
    uint32_t escapes, total;
} root_table;

/* The same as the reference has them: in a tree that is never balanced. A slot beyond all weights, which only forged
 * data has, wraps round to some byte, which may then be in the tree twice, and the later one out of order. */
typedef struct {
    uint8_t value, count;
    uint16_t under, left, right, cell; /* under: its count and those left of it */
    uint16_t all;                      /* these and those right of it; up to date in halve_tree alone */
} branch;

typedef struct {
    uint32_t used;    /* cells */
    uint32_t symbols; /* all there are, and the root */
    uint32_t grown;   /* nodes of the tree; 0: the table is in use */
    root_table root;
    cell cells[CELLS]; /* Cell 0 stands for the root; as a link, for none. */
    branch tree[POOL]; /* Node 0 is none; the first hangs on its left. */
} model;

#define FOUR(n) n, n + 1, n + 2, n + 3
#define SIXTEEN FOUR(0), FOUR(4), FOUR(8), FOUR(12)
static const root_table fresh = {
    .within = {{SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN},
               {SIXTEEN}},
    .sixteens = {0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240},
    .escapes = 1,
    .total = 257,
};

/* A third of a megabyte, of which small datagrams touch little. Some threads have not that much stack. */
static model *make_model(void) {
    model *m = malloc(sizeof(model));
    if (m) m->grown = 0;
    return m;
}

static void model_reset(model *m) {
    m->root = fresh;
    m->used = m->symbols = 1;
    if (m->grown) m->grown = 1;
    m->tree[0] = (branch){0};
}

static INLINE uint32_t add_cell(model *m) {
    uint32_t at = m->used++;
    cell *c = &m->cells[at];
    c->escapes = c->symbols = c->parent = c->more = 0;
    c->total = 0;
    return at;
}

/* Lanes of a cell. */

static INLINE uint32_t lane(uint64_t lanes, uint32_t at) { return (uint32_t)(lanes >> 8 * at & 0xFF); }

#ifdef HAS_SSE2
static INLINE __m128i eight(const uint64_t *lanes) { return _mm_loadl_epi64((const __m128i *)lanes); }

static INLINE __m128i each(uint32_t byte) { return _mm_set1_epi32((int)(byte * 0x01010101u)); }

/* A bit for each lane that holds the byte. */
static INLINE uint32_t lanes_with(const cell *c, uint32_t byte) {
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(eight(&c->values), each(byte))) & 0xFF;
}

static INLINE uint32_t counts_below(const cell *c, uint32_t byte) {
    __m128i none = _mm_setzero_si128(), others = _mm_cmpeq_epi8(_mm_subs_epu8(each(byte), eight(&c->values)), none);
    return (uint32_t)_mm_cvtsi128_si32(_mm_sad_epu8(_mm_andnot_si128(others, eight(&c->counts)), none));
}

static INLINE void raise_above(cell *c, uint32_t byte) {
    __m128i others = _mm_cmpeq_epi8(_mm_subs_epu8(eight(&c->values), each(byte)), _mm_setzero_si128());
    __m128i step = _mm_andnot_si128(_mm_unpacklo_epi8(others, others), _mm_set1_epi16(STEP));
    __m128i *below = (__m128i *)c->below;
    _mm_storeu_si128(below, _mm_add_epi16(_mm_loadu_si128(below), step));
}
#else
/* The same within 64-bit numbers. The top bit of each byte of a that is less than that of b: */
static INLINE uint64_t less(uint64_t a, uint64_t b) {
    uint64_t tops = EACH * 0x80, not_below = (a | tops) - (b & ~tops);
    return ((~a & b) | (~(a ^ b) & ~not_below)) & tops;
}

static INLINE uint32_t lanes_with(const cell *c, uint32_t byte) {
    uint64_t rest = EACH * 0x7F, other = c->values ^ byte * EACH;
    uint64_t same = ~(((other & rest) + rest) | other | rest);
    return (uint32_t)((same >> 7) * 0x0102040810204080u >> 56);
}

static INLINE uint32_t counts_below(const cell *c, uint32_t byte) {
    uint64_t counts = c->counts & (less(c->values, byte * EACH) >> 7) * 0xFF, even = 0x00FF00FF00FF00FFu;
    return (uint32_t)(((counts & even) + (counts >> 8 & even)) * 0x0001000100010001u >> 48);
}

static INLINE void raise_above(cell *c, uint32_t byte) {
    uint64_t steps = (less(byte * EACH, c->values) >> 7) * STEP;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (uint32_t i = 0; i < LANES; i++) c->below[i] = (uint16_t)(c->below[i] + lane(steps, i));
#else
    for (uint32_t first = 0; first < LANES; first += 4, steps >>= 32) {
        uint64_t four = ((steps & 0xFFFFFFFFu) | steps << 16) & 0x0000FFFF0000FFFFu, sums;
        memcpy(&sums, &c->below[first], sizeof sums);
        sums += (four | four << 8) & 0x00FF00FF00FF00FFu;
        memcpy(&c->below[first], &sums, sizeof sums);
    }
#endif
}
#endif

/* The lowest bit that is set, of eight. */
static INLINE uint32_t lowest(uint32_t bits) {
#ifdef __GNUC__
    return (uint32_t)__builtin_ctz(bits);
#else
    unsigned long at;
    _BitScanForward(&at, bits);
    return at;
#endif
}

static uint32_t all_counts_below(const model *m, const cell *c, uint32_t byte) {
    uint32_t sum = counts_below(c, byte);
    while (c->more) sum += counts_below(c = &m->cells[c->more], byte);
    return sum;
}

/* Halves the counts of a context, rounded up. */
static RARE void halve(model *m, cell *context, bool decodes) {
    uint32_t sum = 0;
    for (cell *c = context;; c = &m->cells[c->more]) {
        c->counts -= c->counts >> 1 & EACH * 0x7F;
        for (uint32_t i = 0; i < LANES; i++) sum += lane(c->counts, i);
        if (!c->more) break;
    }
    context->escapes = (uint16_t)(context->escapes - (context->escapes >> 1));
    context->total = sum + context->escapes;
    if (!decodes) return;
    if (!context->more) {
        for (uint32_t i = 0; i < LANES; i++)
            context->below[i] = (uint16_t)counts_below(context, lane(context->values, i));
        return;
    }
    uint16_t sums[256] = {0};
    for (cell *c = context;; c = &m->cells[c->more]) {
        for (uint32_t i = 0; i < LANES; i++) sums[lane(c->values, i)] += (uint16_t)lane(c->counts, i);
        if (!c->more) break;
    }
    sum = 0;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t count = sums[i];
        sums[i] = (uint16_t)sum;
        sum += count;
    }
    for (cell *c = context;; c = &m->cells[c->more]) {
        for (uint32_t i = 0; i < LANES; i++) c->below[i] = sums[lane(c->values, i)];
        if (!c->more) break;
    }
}

static INLINE void raise_symbol(model *m, cell *context, cell *c, uint32_t at, bool decodes) {
    uint32_t weight = lane(c->counts, at);
    c->counts += (uint64_t)STEP << 8 * at;
    context->total += STEP;
    if (weight > COUNT_LIMIT || context->total > TOTAL_LIMIT) halve(m, context, decodes);
}

/* The first byte of a context. Returns its link, yet to be set, as the next one does. */
static INLINE uint16_t *add_first(model *m, cell *context, uint32_t byte) {
    m->symbols++;
    context->symbols = 1;
    context->escapes = ESCAPE_STEP;
    context->total = ESCAPE_STEP + STEP;
    context->values = byte * EACH;
    context->counts = STEP;
    context->below[0] = context->links[0] = 0;
    return context->links;
}

/* Another one, new to a context whose last cell this is. */
static INLINE uint16_t *add_symbol(model *m, cell *context, cell *last, uint32_t byte, uint32_t below, bool decodes) {
    uint32_t at = context->symbols++ % LANES;
    if (at) {
        last->values ^= ((last->values ^ byte) & 0xFF) << 8 * at;
        last->counts += (uint64_t)STEP << 8 * at;
    } else {
        uint32_t more = add_cell(m);
        last->more = (uint16_t)more;
        last = &m->cells[more];
        last->values = byte * EACH;
        last->counts = STEP;
    }
    if (decodes) last->below[at] = (uint16_t)below;
    last->links[at] = 0;
    m->symbols++;
    context->escapes = (uint16_t)(context->escapes + ESCAPE_STEP);
    context->total += ESCAPE_STEP + STEP;
    if (context->total > TOTAL_LIMIT) halve(m, context, decodes);
    return &last->links[at];
}

/* The root. */

static RARE void halve_root(root_table *root) {
    uint32_t sum = 0;
    for (uint32_t high = 0; high < 16; high++) {
        uint32_t inside = 0;
        root->sixteens[high] = (uint16_t)sum;
        for (uint32_t low = 0; low < 16; low++) {
            uint8_t *count = &root->counts[high * 16 + low];
            *count = (uint8_t)(*count - (*count >> 1));
            root->within[high][low] = (uint16_t)inside;
            inside += *count + 1u;
        }
        sum += inside;
    }
    root->escapes -= root->escapes >> 1;
    root->total = sum + root->escapes;
}

static INLINE void raise_sums(uint16_t *sums, uint32_t place) {
    static const uint16_t steps[32] = {[16] = 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}; /* ROOT_STEP */
    for (uint32_t i = 0; i < 16; i++) sums[i] = (uint16_t)(sums[i] + steps[15 - place + i]);
}

static INLINE uint32_t root_below(const root_table *root, uint32_t byte) {
    return root->sixteens[byte >> 4] + root->within[byte >> 4][byte & 15];
}

/* Counts a byte; returns its cell. */
static INLINE uint32_t raise_in_root(model *m, uint32_t byte) {
    root_table *root = &m->root;
    uint32_t count = root->counts[byte], at = root->cells[byte];
    raise_sums(root->sixteens, byte >> 4);
    raise_sums(root->within[byte >> 4], byte & 15);
    root->counts[byte] = (uint8_t)(count + ROOT_STEP);
    root->total += ROOT_STEP;
    if (!at) {
        root->cells[byte] = (uint16_t)(at = add_cell(m));
        m->symbols++;
    }
    if (count + 1 > ROOT_COUNT_LIMIT || root->total > TOTAL_LIMIT) halve_root(root);
    return at;
}

/* The last of sixteen sums that is not above a slot. */
static INLINE uint32_t search(const uint16_t *sums, uint32_t slot) {
    uint32_t at = 0;
    if (sums[8] <= slot) {
        at = 8;
        BRANCH;
    }
    if (sums[at + 4] <= slot) {
        at += 4;
        BRANCH;
    }
    if (sums[at + 2] <= slot) {
        at += 2;
        BRANCH;
    }
    if (sums[at + 1] <= slot) {
        at += 1;
        BRANCH;
    }
    return at;
}

/* A node is younger than the one it hangs on, so the sums of what hangs on it are known before its own is needed. */
static void halve_tree(model *m) {
    branch *tree = m->tree;
    for (uint32_t at = m->grown; --at;) {
        branch *n = &tree[at];
        n->count = (uint8_t)(n->count - (n->count >> 1));
        n->under = (uint16_t)(n->count + tree[n->left].all);
        n->all = (uint16_t)(n->under + tree[n->right].all);
    }
    m->root.escapes -= m->root.escapes >> 1;
    m->root.total = tree[tree[0].left].all + m->root.escapes + 256;
}

/* Finds what covers a slot in the root's tree, and counts it. */
static RARE uint32_t find_in_tree(model *m, uint32_t slot, uint32_t *byte, uint32_t *start, uint32_t *weight) {
    uint16_t *link = &m->tree[0].left;
    uint32_t below = 0;
    branch *n;
    *byte = slot;
    for (;;) {
        if (!*link) {
            *byte &= 0xFF;
            *start = slot;
            *weight = 1;
            *link = (uint16_t)m->grown;
            n = &m->tree[m->grown++];
            *n = (branch){.value = (uint8_t)*byte, .cell = (uint16_t)add_cell(m)};
            m->symbols++;
            break;
        }
        n = &m->tree[*link];
        uint32_t after = below + n->under + n->value + 1, begin = after - n->count - 1;
        if (slot >= after) {
            *byte = n->value + 1 + slot - after;
            below += n->under;
            link = &n->right;
        } else if (slot >= begin) {
            *byte = n->value;
            *start = begin;
            *weight = n->count + 1u;
            break;
        } else {
            *byte = n->value - begin + slot;
            n->under = (uint16_t)(n->under + ROOT_STEP);
            link = &n->left;
        }
    }
    n->under = (uint16_t)(n->under + ROOT_STEP);
    n->count = (uint8_t)(n->count + ROOT_STEP);
    m->root.total += ROOT_STEP;
    if (*weight > ROOT_COUNT_LIMIT || m->root.total > TOTAL_LIMIT) halve_tree(m);
    return n->cell;
}

/* Compressing. */

typedef struct {
    uint32_t low, span, used, limit;
    uint8_t *out;
} encoder;

static INLINE void encode(encoder *e, uint32_t start, uint32_t weight, uint32_t whole) {
    uint32_t span = e->span / whole, low = e->low + start * span;
    span *= weight;
    for (;;) {
        if ((low ^ (low + span)) >= TOP) {
            if (span >= BOTTOM) break;
            span = (0u - low) & 0xFFFF;
        }
        if (e->used < e->limit) e->out[e->used] = (uint8_t)(low >> 24);
        e->used++;
        span <<= 8;
        low <<= 8;
    }
    e->low = low;
    e->span = span;
}

/* Codes a byte in a context, or an escape, and counts it there. Returns its link; *hit says which. */
static INLINE uint16_t *encode_in(model *m, encoder *e, cell *context, uint32_t byte, bool *hit) {
    uint32_t escapes = context->escapes, total = context->total, lanes;
    *hit = false;
    if (!escapes) return add_first(m, context, byte); /* What can only be an escape need not be said. */
    cell *c = context;
    while (!(lanes = lanes_with(c, byte)) && c->more) c = &m->cells[c->more];
    if (!lanes) {
        encode(e, 0, escapes, total);
        return add_symbol(m, context, c, byte, 0, false);
    }
    uint32_t at = lowest(lanes);
    encode(e, escapes + all_counts_below(m, context, byte), lane(c->counts, at), total);
    raise_symbol(m, context, c, at, false);
    *hit = true;
    return &c->links[at];
}

static uint32_t compress(model *m, const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    cell *cells = m->cells;
    model_reset(m);
    encoder e = {.span = 0xFFFFFFFFu, .limit = limit, .out = out};
    uint32_t predicted = ROOT, order = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t byte = data[i], context = predicted, successor = ROOT;
        uint16_t *longest = NULL;
        bool hit = false;
        if (order == ORDER) {
            longest = encode_in(m, &e, &cells[context], byte, &hit);
            successor = *longest;
            context = cells[context].parent;
        }
        if (order && !hit) {
            uint16_t *link = encode_in(m, &e, &cells[context], byte, &hit);
            if (!hit) *link = (uint16_t)add_cell(m);
            successor = *link;
            if (longest) *longest = (uint16_t)successor;
        }
        if (!hit) {
            encode(&e, m->root.escapes + root_below(&m->root, byte), m->root.counts[byte] + 1u, m->root.total);
            uint32_t at = raise_in_root(m, byte);
            if (order)
                cells[successor].parent = (uint16_t)at;
            else
                successor = at;
        }
        if (e.used > limit) return 0;
        predicted = successor;
        if (order < ORDER) order++;
        if (m->symbols >= FULL) {
            model_reset(m);
            predicted = order = 0;
        }
    }
    for (; e.low; e.low <<= 8) {
        if (e.used >= limit) return 0;
        out[e.used++] = (uint8_t)(e.low >> 24);
    }
    return e.used;
}

uint32_t range_coder_compress(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    model *m = make_model();
    uint32_t used = m ? compress(m, data, length, out, limit) : 0;
    free(m);
    return used;
}

/* Decompressing. */

typedef struct {
    uint32_t low, span, code;
    const uint8_t *next, *end;
} decoder;

static INLINE uint32_t next_byte(decoder *d) { return d->next < d->end ? *d->next++ : 0; }

/* Where in the weights of a context the code lies; of valid data, below their total. */
static INLINE uint32_t read_slot(decoder *d, uint32_t whole) {
    d->span /= whole;
    return ((d->code - d->low) / d->span) & 0xFFFF;
}

static INLINE void decode(decoder *d, uint32_t start, uint32_t weight) {
    uint32_t low = d->low + start * d->span, span = d->span * weight;
    for (;;) {
        if ((low ^ (low + span)) >= TOP) {
            if (span >= BOTTOM) break;
            span = (0u - low) & 0xFFFF;
        }
        d->code = d->code << 8 | next_byte(d);
        span <<= 8;
        low <<= 8;
    }
    d->low = low;
    d->span = span;
}

typedef enum { ESCAPE, HIT, NOTHING } finding;

static INLINE finding decode_in(model *m, decoder *d, cell *context, uint32_t *byte, uint32_t *successor) {
    uint32_t escapes = context->escapes;
    if (!escapes) return ESCAPE;
    uint32_t slot = read_slot(d, context->total);
    if (slot < escapes) {
        decode(d, 0, escapes);
        return ESCAPE;
    }
    slot -= escapes;
    for (cell *c = context;; c = &m->cells[c->more]) {
        uint32_t at = 0;
        for (uint64_t counts = c->counts; counts; counts >>= 8, at++) {
            uint32_t below = c->below[at], weight = (uint32_t)(counts & 0xFF);
            if (slot - below >= weight) continue;
            *byte = lane(c->values, at);
            *successor = c->links[at];
            decode(d, escapes + below, weight);
            raise_above(context, *byte);
            for (cell *more = context; more->more;) raise_above(more = &m->cells[more->more], *byte);
            raise_symbol(m, context, c, at, true);
            return HIT;
        }
        if (!c->more) return NOTHING;
    }
}

/* Counts a byte in a context that escaped: the coder had counted it there on its way. Returns its link. It is new to
 * the context, unless the data is forged. */
static INLINE uint16_t *update(model *m, cell *context, uint32_t byte) {
    if (!context->escapes) return add_first(m, context, byte);
    cell *c = context, *holder = NULL;
    uint32_t below = 0, lanes = 0;
    for (;; c = &m->cells[c->more]) {
        uint32_t found = lanes_with(c, byte);
        if (found) {
            holder = c;
            lanes = found;
        }
        below += counts_below(c, byte);
        raise_above(c, byte);
        if (!c->more) break;
    }
    if (!holder) return add_symbol(m, context, c, byte, below, true);
    uint32_t at = lowest(lanes);
    raise_symbol(m, context, holder, at, true);
    return &holder->links[at];
}

#define FORGED 0xFFFFFFFFu

/* FORGED: there was a slot beyond the weights of the root, and this is to be done again, with the tree. */
static uint32_t decompress(model *m, decoder d, uint8_t *out, uint32_t limit) {
    cell *cells = m->cells;
    uint32_t predicted = ROOT, order = 0, used = 0;
    model_reset(m);
    for (int i = 0; i < 4; i++) d.code = d.code << 8 | next_byte(&d);
    for (;;) {
        uint32_t byte = 0, successor = ROOT;
        cell *longest = &cells[predicted], *context = longest;
        finding found = ESCAPE;
        if (order == ORDER) {
            found = decode_in(m, &d, longest, &byte, &successor);
            context = &cells[longest->parent];
        }
        if (order && found == ESCAPE) {
            found = decode_in(m, &d, context, &byte, &successor);
            if (found == HIT && order == ORDER) *update(m, longest, byte) = (uint16_t)successor;
        }
        if (found == NOTHING) return 0;
        if (found == ESCAPE) {
            uint32_t escapes = m->root.escapes, total = m->root.total, slot = read_slot(&d, total), start, weight, at;
            if (slot < escapes) return used;
            slot -= escapes;
            if (m->grown) {
                at = find_in_tree(m, slot, &byte, &start, &weight);
                decode(&d, escapes + start, weight);
            } else {
                if (slot >= total - escapes) return FORGED;
                uint32_t high = search(m->root.sixteens, slot);
                byte = high << 4 | search(m->root.within[high], slot - m->root.sixteens[high]);
                decode(&d, escapes + root_below(&m->root, byte), m->root.counts[byte] + 1u);
                at = raise_in_root(m, byte);
            }
            successor = at;
            if (order) {
                uint16_t *farther = order == ORDER ? update(m, longest, byte) : NULL;
                uint16_t *link = update(m, context, byte);
                if (!*link) *link = (uint16_t)add_cell(m);
                successor = *link;
                if (farther) *farther = (uint16_t)successor;
                cells[successor].parent = (uint16_t)at;
            }
        }
        if (used >= limit) return 0;
        out[used++] = (uint8_t)byte;
        predicted = successor;
        if (order < ORDER) order++;
        if (m->symbols >= FULL) {
            model_reset(m);
            predicted = order = 0;
        }
    }
}

uint32_t range_coder_decompress(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    model *m = length ? make_model() : NULL;
    if (!m) return 0;
    decoder d = {.span = 0xFFFFFFFFu, .next = data, .end = data + length};
    uint32_t used = decompress(m, d, out, limit);
    if (used == FORGED) {
        m->grown = 1;
        used = decompress(m, d, out, limit);
    }
    free(m);
    return used;
}
