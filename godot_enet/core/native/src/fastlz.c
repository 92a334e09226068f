/* FastLZ (see fastlz.py): both levels when decoding, level 1 when encoding, and the zeros that Godot adds to short
 * inputs. The encoder makes the same choices as the one in Python, so that both engines send the same bytes. */
#include "internal.h"

enum {
    PADDED = 16,
    MAX_RUN = 32,
    MIN_MATCH = 3,
    MAX_MATCH = 264,
    MAX_DISTANCE = 8191,
    LONG_DISTANCE = 8192,
    INPUT_LIMIT = MAXIMUM_DATAGRAM + 8,
    HEADS = 2048
};

/* Where each sequence of three bytes was last seen: chains of positions, latest first. */
typedef struct {
    const uint8_t *data;
    uint16_t heads[HEADS], previous[INPUT_LIMIT]; /* position + 1; 0 is none */
} seen;

static uint32_t hash_three(const uint8_t *at) {
    return ((uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2]) * 0x9E3779B1u >> 21;
}

static void see(seen *s, uint32_t at) {
    uint16_t *head = &s->heads[hash_three(s->data + at)];
    s->previous[at] = *head;
    *head = (uint16_t)(at + 1);
}

static int32_t last_seen(const seen *s, uint32_t at) {
    for (uint32_t next = s->heads[hash_three(s->data + at)]; next; next = s->previous[next - 1])
        if (memcmp(s->data + next - 1, s->data + at, 3) == 0) return (int32_t)next - 1;
    return -1;
}

typedef struct {
    uint8_t *out;
    uint32_t used, limit;
    bool full;
} sink;

static void put(sink *to, uint32_t byte) {
    if (to->used < to->limit)
        to->out[to->used++] = (uint8_t)byte;
    else
        to->full = true;
}

static void put_literals(sink *to, const uint8_t *data, uint32_t start, uint32_t end) {
    for (uint32_t at = start; at < end; at += MAX_RUN) {
        uint32_t run = min32(MAX_RUN, end - at);
        put(to, run - 1);
        for (uint32_t i = 0; i < run; i++) put(to, data[at + i]);
    }
}

uint32_t fastlz_compress_datagram(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    if (!length || length > INPUT_LIMIT) return 0;
    uint8_t padded[PADDED] = {0};
    if (length < PADDED) {
        memcpy(padded, data, length);
        data = padded;
        length = PADDED;
    }
    seen s;
    s.data = data;
    memset(s.heads, 0, sizeof s.heads);
    sink to = {out, 0, limit, false};
    uint32_t at = 0, literals = 0, last = length - MIN_MATCH;
    while (at <= last) {
        int32_t source = last_seen(&s, at);
        see(&s, at);
        if (source < 0 || at - (uint32_t)source > MAX_DISTANCE) {
            at++;
            continue;
        }
        if (literals < at) {
            put_literals(&to, data, literals, at);
            if (to.used >= limit) return 0;
        }
        uint32_t matched = MIN_MATCH, most = min32(MAX_MATCH, length - at);
        while (matched < most && data[(uint32_t)source + matched] == data[at + matched]) matched++;
        uint32_t distance = at - (uint32_t)source - 1;
        if (matched < 9) {
            put(&to, (matched - 2) << 5 | distance >> 8);
        } else {
            put(&to, 7u << 5 | distance >> 8);
            put(&to, matched - 9);
        }
        put(&to, distance & 0xFF);
        at += matched;
        literals = at;
        if (at - 2 <= last) see(&s, at - 2);
        if (at - 1 <= last) see(&s, at - 1);
    }
    put_literals(&to, data, literals, length);
    return to.full || to.used >= limit ? 0 : to.used;
}

static uint32_t decode(const uint8_t *data, uint32_t size, uint8_t *out, uint32_t limit) {
    if (!size || data[0] > 63) return 0;
    bool level2 = data[0] > 31;
    /* A last byte alone is no instruction in level 1, and is in level 2. */
    uint32_t end = level2 ? size : size - 1, used = 0, instruction = data[0] & 31, at = 1;
    for (;;) {
        if (instruction < 32) {
            uint32_t run = instruction + 1;
            if (run > limit - used || run > size - at) return 0;
            memcpy(out + used, data + at, run);
            used += run;
            at += run;
        } else {
            uint32_t length = (instruction >> 5) + 2, distance = (instruction & 31) << 8;
            if (length == 9) {
                for (uint32_t more = 255; more == 255;) {
                    if (at + 2 > size) return 0;
                    more = data[at++];
                    length += more;
                    if (!level2) break;
                }
            }
            if (at >= size) return 0;
            distance += data[at++] + 1u;
            if (level2 && distance == LONG_DISTANCE) {
                if (at + 2 >= size) return 0;
                distance += (uint32_t)data[at] << 8 | data[at + 1];
                at += 2;
            }
            if (distance > used || length > limit - used) return 0;
            for (uint32_t i = 0; i < length; i++, used++) out[used] = out[used - distance];
        }
        if (at >= end) return used;
        instruction = data[at++];
    }
}

uint32_t fastlz_decompress_datagram(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    if (limit >= PADDED) return decode(data, length, out, limit);
    uint8_t padded[PADDED];
    uint32_t plain = min32(decode(data, length, padded, PADDED), limit);
    memcpy(out, padded, plain);
    return plain;
}
