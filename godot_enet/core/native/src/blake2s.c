/* BLAKE2s (RFC 7693) of short messages, and the random numbers derived from it (see core/rng.py). */
#include "internal.h"

enum { BLOCK = 64, ROUNDS = 10 };

static const uint32_t INITIAL[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

static const uint8_t ORDER[ROUNDS][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

static uint32_t rotated(uint32_t word, uint32_t by) { return word >> by | word << (32 - by); }

static void mix(uint32_t *v, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t x, uint32_t y) {
    v[a] += v[b] + x;
    v[d] = rotated(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = rotated(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 7);
}

static void compress(uint32_t *state, const uint8_t *block, uint32_t total, bool last) {
    uint32_t v[16], m[16];
    for (uint32_t i = 0; i < 16; i++) m[i] = read32_little(block + 4 * i);
    memcpy(v, state, 32);
    memcpy(v + 8, INITIAL, 32);
    v[12] ^= total;
    if (last) v[14] = ~v[14];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint8_t *o = ORDER[round];
        for (uint32_t i = 0; i < 4; i++) mix(v, i, 4 + i, 8 + i, 12 + i, m[o[2 * i]], m[o[2 * i + 1]]);
        for (uint32_t i = 0; i < 4; i++)
            mix(v, i, 4 + ((i + 1) & 3), 8 + ((i + 2) & 3), 12 + ((i + 3) & 3), m[o[8 + 2 * i]], m[o[9 + 2 * i]]);
    }
    for (uint32_t i = 0; i < 8; i++) state[i] ^= v[i] ^ v[i + 8];
}

static void begin(uint32_t *state, uint32_t out_size, uint32_t key_size) {
    memcpy(state, INITIAL, sizeof INITIAL);
    state[0] ^= 0x01010000 ^ key_size << 8 ^ out_size;
}

void gde_blake2s(uint8_t *out, uint32_t out_size, const uint8_t *key, uint32_t key_size, const uint8_t *data,
                 uint32_t size) {
    uint32_t state[8], total = 0;
    uint8_t block[BLOCK] = {0}, digest[32];
    begin(state, out_size, key_size);
    if (key_size) {
        memcpy(block, key, key_size);
        total = BLOCK;
        compress(state, block, total, !size);
    }
    for (uint32_t at = 0; at < size || (!size && !key_size); at += BLOCK) {
        uint32_t length = min32(size - at, BLOCK);
        memset(block, 0, BLOCK);
        if (length) memcpy(block, data + at, length);
        total += length;
        compress(state, block, total, at + length == size);
        if (!size) break;
    }
    for (uint32_t i = 0; i < 8; i++) write32_little(digest + 4 * i, state[i]);
    memcpy(out, digest, out_size);
}

static inline void sip_round(uint64_t *v, uint64_t word) {
    v[3] ^= word;
    v[0] += v[1];
    v[2] += v[3];
    v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
    v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
    v[0] = v[0] << 32 | v[0] >> 32;
    v[2] += v[1];
    v[0] += v[3];
    v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
    v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
    v[2] = v[2] << 32 | v[2] >> 32;
    v[0] ^= word;
}

/* SipHash with one round a word and three at the end, of 24 bytes: fast enough for every datagram. */
uint64_t hash_address(const gde_engine *e, const gde_address *address, uint32_t value) {
    uint64_t words[4], v[4] = {e->hash_key[0] ^ 0x736F6D6570736575, e->hash_key[1] ^ 0x646F72616E646F6D,
                               e->hash_key[0] ^ 0x6C7967656E657261, e->hash_key[1] ^ 0x7465646279746573};
    memcpy(words, address->ip, 16);
    words[2] = (uint64_t)address->scope << 32 | value;
    words[3] = (uint64_t)address->port;
    for (uint32_t i = 0; i < 4; i++) sip_round(v, words[i]);
    v[2] ^= 0xFF;
    for (uint32_t i = 0; i < 3; i++) sip_round(v, 0);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void set_random_key(gde_engine *e) {
    uint8_t block[BLOCK] = {0};
    memcpy(block, e->config.key, KEY_SIZE);
    begin(e->random_keyed, sizeof e->random_words, KEY_SIZE);
    compress(e->random_keyed, block, BLOCK, false);
}

uint32_t engine_random(gde_engine *e) {
    uint64_t digest = e->random_count / RANDOM_WORDS;
    uint32_t word = e->random_count++ % RANDOM_WORDS;
    if (!word) {
        uint8_t block[BLOCK] = {0};
        write32_little(write32_little(block, (uint32_t)digest), (uint32_t)(digest >> 32));
        memcpy(e->random_words, e->random_keyed, sizeof e->random_words);
        compress(e->random_words, block, BLOCK + sizeof digest, true);
    }
    return e->random_words[word];
}
