/* Fuzzing of the decoders in C, and of each encoder against its decoder. The first byte chooses codec and limit, the
 * rest is decoded, and coded and decoded again. fuzz_compression.py has the same laws for the codecs in Python. */
#include "fuzz_kit.h"
#include "internal.h"

enum { LONGEST = 4096 };

/* Into a block of exactly this size, and from one, so that a byte too far is seen. */
static uint32_t run(coding *function, const uint8_t *data, uint32_t length, uint8_t *out, uint32_t limit) {
    uint8_t *from = malloc(length ? length : 1), *to = malloc(limit ? limit : 1);
    require(from != NULL && to != NULL, "no memory");
    memcpy(from, data, length);
    uint32_t written = function(from, length, to, limit);
    require(written <= limit, "more than there is room for");
    memcpy(out, to, written);
    free(from);
    free(to);
    return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t limits[6] = {4092, 4088, 64, 16, 15, 1};
    static uint8_t plain[LONGEST * 3], coded[LONGEST * 3];
    if (!size || size > LONGEST) return 0;
    int fast = data[0] & 1;
    const codec *used = &CODECS[fast ? CODEC_FASTLZ : CODEC_RANGE_CODER];
    uint32_t limit = limits[data[0] / 2 % 6], length = (uint32_t)size - 1;
    if (!length) return 0;
    run(used->decompress, data + 1, length, plain, limit);

    uint32_t room = run(used->compress, data + 1, length, coded, 2 * length + 64);
    require(room > 0, "what is there was not coded");
    require(run(used->compress, data + 1, length, plain, room - 1) == 0, "coded into less than it takes");
    uint32_t padded = fast && length < 16 ? 16 : length; /* FastLZ takes no less; what is added is 0 */
    require(run(used->decompress, coded, room, plain, padded) == padded, "another length came back");
    require(memcmp(plain, data + 1, length) == 0, "something else came back");
    return 0;
}
