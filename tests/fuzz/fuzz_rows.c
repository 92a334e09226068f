/* Fuzzing of the bits of rows: the first bytes choose the columns and their base, the rest is read as ids and changes.
 * What is read is written, and read again. */
#include "fuzz_kit.h"
#include "packing.h"

enum { COLUMNS = 8, ENTRIES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, data + size};
    packed_column columns[COLUMNS];
    uint32_t old[COLUMNS], new[COLUMNS], count = 1 + take(&in, 1) % COLUMNS;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t limit = take(&in, 4) >> take(&in, 1) % 32;
        columns[i] = packed_column_of(limit ? limit : 1);
        old[i] = (uint32_t)(take(&in, 4) % ((uint64_t)columns[i].limit + 1));
    }
    size_t left = (size_t)(in.end - in.at);
    uint8_t *from = malloc(left ? left : 1); /* of exactly this size, so that a byte too far is seen */
    require(from != NULL, "no memory");
    memcpy(from, in.at, left);
    bit_reader reader = {from, 0, 8 * (uint64_t)left, false};
    for (uint32_t entry = 0; entry < ENTRIES && !reader.failed; entry++) {
        uint64_t number = read_number(&reader);
        for (uint32_t i = 0; i < count; i++) new[i] = read_column(&reader, &columns[i], old[i]);
        if (reader.failed) break;
        require(number < UINT64_C(1) << 33, "an id over the limit");
        for (uint32_t i = 0; i < count; i++) require(new[i] <= columns[i].limit, "a column over its limit");

        size_t room = (NUMBER_MAX_SIZE + (size_t)count * COLUMN_MAX_SIZE + 7) / 8;
        uint8_t *to = calloc(room, 1);
        require(to != NULL, "no memory");
        bit_writer writer = {to, 0};
        write_number(&writer, (uint32_t)number);
        for (uint32_t i = 0; i < count; i++) write_column(&writer, &columns[i], old[i], new[i]);
        require(writer.at <= 8 * room, "more than there is room for");
        bit_reader again = {to, 0, 8 * ((writer.at + 7) / 8), false};
        require(read_number(&again) == (uint32_t)number, "another id came back");
        for (uint32_t i = 0; i < count; i++)
            require(read_column(&again, &columns[i], old[i]) == new[i], "another row came back");
        require(at_end(&again), "something came back behind the end");
        free(to);
        for (uint32_t i = 0; i < count; i++) old[i] = new[i];
    }
    free(from);
    return 0;
}
