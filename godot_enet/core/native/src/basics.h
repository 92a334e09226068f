/* Helpers that know nothing of ENet: lists, sets of slots, integers in bytes. */
#ifndef GDE_BASICS_H
#define GDE_BASICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gde_generated.h"

/* For what happens a few times in a connection: not within the code that handles every message. */
#if defined(__GNUC__)
#define UNCOMMON __attribute__((cold, noinline))
#else
#define UNCOMMON
#endif

static inline uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }
static inline uint64_t min64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

/* Doubly linked lists with a sentinel, as in the reference. */
typedef struct list_node {
    struct list_node *next, *prev;
} list_node;

static inline void list_init(list_node *list) { list->next = list->prev = list; }
static inline bool list_empty(const list_node *list) { return list->next == list; }
static inline void list_remove(list_node *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
}
static inline void list_insert(list_node *before, list_node *node) {
    node->prev = before->prev;
    node->next = before;
    before->prev->next = node;
    before->prev = node;
}
static inline void list_append(list_node *list, list_node *node) { list_insert(list, node); }

/* Integers in bytes, big-endian except one. Writing returns the position after them. */
static inline uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t read32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline uint32_t read32_little(const uint8_t *at) {
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}
static inline uint8_t *write16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}
static inline uint8_t *write32(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}
static inline uint8_t *write32_little(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
    return at + 4;
}

enum { PEER_WORDS = 64 };
_Static_assert(PEER_WORDS * 64 > MAXIMUM_PEER_ID, "a bit for each slot");

/* Peer slots; `words_used` has a bit for each word that is not 0, so that small sets are cheap to scan. */
typedef struct {
    uint64_t words_used, words[PEER_WORDS];
} slot_set;

static inline void set_bit(uint64_t *words, uint32_t bit) { words[bit >> 6] |= (uint64_t)1 << (bit & 63); }
static inline void clear_bit(uint64_t *words, uint32_t bit) { words[bit >> 6] &= ~((uint64_t)1 << (bit & 63)); }
static inline void slots_add(slot_set *set, uint32_t slot) {
    set_bit(set->words, slot);
    set->words_used |= (uint64_t)1 << (slot >> 6);
}
static inline void slots_remove(slot_set *set, uint32_t slot) {
    clear_bit(set->words, slot);
    if (!set->words[slot >> 6]) set->words_used &= ~((uint64_t)1 << (slot >> 6));
}
/* The index of the lowest set bit; there must be one. */
static inline uint32_t lowest_bit(uint64_t word) {
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(word);
#else
    uint32_t bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
#endif
}
/* Moves all elements from one set into another. */
static inline void slots_move(slot_set *to, slot_set *from) {
    for (; from->words_used; from->words_used &= from->words_used - 1) {
        uint32_t word = lowest_bit(from->words_used);
        to->words[word] |= from->words[word];
        to->words_used |= (uint64_t)1 << word;
        from->words[word] = 0;
    }
}

#endif
