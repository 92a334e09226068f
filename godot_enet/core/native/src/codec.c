/* The codecs of whole datagrams, by their numbers. CODEC_NONE and CODEC_OUTSIDE have no functions. */
#include "internal.h"

const codec CODECS[] = {
    [CODEC_RANGE_CODER] = {range_coder_compress, range_coder_decompress},
    [CODEC_FASTLZ] = {fastlz_compress_datagram, fastlz_decompress_datagram},
    [CODEC_OUTSIDE] = {NULL, NULL},
};
_Static_assert(sizeof CODECS / sizeof *CODECS == CODEC_COUNT, "an entry for each codec");
