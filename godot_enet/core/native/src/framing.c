/* The frame around the commands of a datagram: header, compression, checksum (see framing.py). */
#include "internal.h"

/* Header, compression and checksum, in this order: the checksum covers the uncompressed commands. */
uint32_t seal(gde_engine *e, const peer *p, const uint8_t *commands, uint32_t length, int32_t sent_time,
              uint8_t *buffer) {
    uint32_t packed = 0;
    uint32_t word = p->outgoing_peer_id;
    if (word < MAXIMUM_PEER_ID) word |= (uint32_t)p->outgoing_session << 12;
    coding *compress = CODECS[e->compressor].compress;
    if (compress) packed = compress(commands, length, e->scratch, length);
    if (packed >= length) packed = 0;
    if (packed) word |= HEADER_COMPRESSED;
    uint8_t *at;
    if (sent_time >= 0)
        at = write16(write16(buffer, word | HEADER_SENT_TIME), (uint32_t)sent_time);
    else
        at = write16(buffer, word);
    if (e->config.checksum) {
        uint8_t *key = at;
        at = write32_little(at, p->outgoing_peer_id < MAXIMUM_PEER_ID ? p->connect_id : 0);
        uint32_t crc = gde_crc32(0, buffer, (size_t)(at - buffer));
        write32(key, gde_crc32(crc, commands, length));
    }
    if (packed) {
        memcpy(at, e->scratch, packed);
        return (uint32_t)(at - buffer) + packed;
    }
    memcpy(at, commands, length);
    return (uint32_t)(at - buffer) + length;
}

uint32_t disconnect_datagram(gde_engine *e, const peer *p, uint32_t data, uint8_t *buffer) {
    uint8_t wire[DISCONNECT_SIZE];
    build_head(wire, &(head_fields){COMMAND_DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL,
                                    (uint16_t)(p->outgoing_reliable_sequence + 1)});
    build_disconnect(wire, &(disconnect_fields){.data = data});
    return seal(e, p, wire, sizeof wire, -1, buffer);
}
