/* The bits of rows, as godot_enet/netcode/rows.py defines them: columns of up to 32 bits, and numbers of any size. Of
 * strangers' bytes nothing is believed: what is truncated or too large makes the reader fail, and all further bits 0. */
#ifndef GDE_PACKING_H
#define GDE_PACKING_H

#include "basics.h"

/* Bits that a number and the change of a column take at most. */
enum { NUMBER_MAX_SIZE = 44, COLUMN_MAX_SIZE = 34 };

/* How a column changes: see _Plan. */
typedef struct {
    uint32_t limit;
    uint32_t sizes[4];
} packed_column;

static inline packed_column packed_column_of(uint32_t limit) {
    uint32_t width = 1;
    while (width < 32 && limit >> width) width++;
    if (width <= NARROW_COLUMN) return (packed_column){limit, {0, width, width, width}};
    return (packed_column){limit, {0, (width + 2) / 3, (2 * width + 2) / 3, width}};
}

static inline bool is_narrow(const packed_column *column) { return column->sizes[1] == column->sizes[3]; }

static inline uint64_t low_bits(uint64_t value, uint32_t size) { return value & ((UINT64_C(1) << size) - 1); }

typedef struct {
    const uint8_t *data;
    uint64_t at, end; /* in bits */
    bool failed;
} bit_reader;

/* Up to 56 bits. */
static inline uint64_t read_bits(bit_reader *reader, uint32_t size) {
    if (reader->failed || reader->end - reader->at < size) {
        reader->failed = true;
        return 0;
    }
    const uint8_t *from = reader->data + reader->at / 8;
    uint32_t skipped = (uint32_t)(reader->at % 8);
    uint64_t bits = 0;
    for (uint32_t loaded = 0; loaded < skipped + size; loaded += 8) bits |= (uint64_t)*from++ << loaded;
    reader->at += size;
    return low_bits(bits >> skipped, size);
}

static inline uint64_t read_number(bit_reader *reader) {
    uint64_t value = 0;
    for (uint32_t shift = 0;; shift += NUMBER_GROUP) {
        uint64_t part = read_bits(reader, NUMBER_GROUP + 1);
        value |= low_bits(part, NUMBER_GROUP) << shift;
        if (!(part >> NUMBER_GROUP)) return value;
        if (shift + NUMBER_GROUP > MAX_NUMBER_BITS) reader->failed = true;
    }
}

static inline uint32_t read_column(bit_reader *reader, const packed_column *column, uint32_t old) {
    uint32_t kind = (uint32_t)(is_narrow(column) ? 3 * read_bits(reader, 1) : read_bits(reader, 2));
    if (!kind) return old;
    uint32_t size = column->sizes[kind];
    uint64_t value = read_bits(reader, size);
    if (kind < 3) {
        uint64_t sign = UINT64_C(1) << (size - 1);
        value = low_bits(old + (value ^ sign) - sign, column->sizes[3]);
    }
    if (value > column->limit) reader->failed = true;
    return (uint32_t)value;
}

/* Whether nothing but the rest of the last byte is left. */
static inline bool at_end(const bit_reader *reader) {
    bit_reader rest = *reader;
    uint64_t left = rest.end - rest.at;
    return !rest.failed && left < 8 && !read_bits(&rest, (uint32_t)left);
}

/* Into zeros, of which there must be enough. */
typedef struct {
    uint8_t *data;
    uint64_t at;
} bit_writer;

/* Up to 56 bits. */
static inline void write_bits(bit_writer *writer, uint64_t value, uint32_t size) {
    uint8_t *to = writer->data + writer->at / 8;
    uint32_t skipped = (uint32_t)(writer->at % 8);
    value = low_bits(value, size) << skipped;
    for (uint32_t written = 0; written < skipped + size; written += 8) *to++ |= (uint8_t)(value >> written);
    writer->at += size;
}

static inline void write_number(bit_writer *writer, uint32_t value) {
    for (; value >> NUMBER_GROUP; value >>= NUMBER_GROUP)
        write_bits(writer, low_bits(value, NUMBER_GROUP) | 1u << NUMBER_GROUP, NUMBER_GROUP + 1);
    write_bits(writer, value, NUMBER_GROUP + 1);
}

static inline void write_column(bit_writer *writer, const packed_column *column, uint32_t old, uint32_t new) {
    uint32_t kind = 3, width = column->sizes[3];
    if (new == old) {
        kind = 0;
    } else if (!is_narrow(column)) {
        /* From -half to half - 1, where half of the width's numbers is; a size has as many on both sides of 0. */
        uint64_t half = UINT64_C(1) << (width - 1);
        int64_t change = (int64_t)low_bits((uint64_t)new - old + half, width) - (int64_t)half;
        for (uint32_t shorter = 2; shorter; shorter--) {
            int64_t bound = INT64_C(1) << (column->sizes[shorter] - 1);
            if (-bound <= change && change < bound) kind = shorter;
        }
        write_bits(writer, kind, 2);
        write_bits(writer, kind < 3 ? (uint64_t)change : new, column->sizes[kind]);
        return;
    }
    write_bits(writer, is_narrow(column) ? kind / 3 : kind, is_narrow(column) ? 1 : 2);
    write_bits(writer, new, column->sizes[kind]);
}

#endif
