/* From datagrams to commands (see incoming.py, which this follows function by function). Never reads
 * beyond the received bytes, and answers only valid requests. */
#include "internal.h"

#include <stdlib.h>

static const uint8_t SIZES[COMMAND_MASK + 1] = COMMAND_SIZES;
_Static_assert(COMMAND_COUNT <= COMMAND_MASK + 1, "a size for each command");

static bool push_ack(peer *p, uint8_t id, uint16_t number, uint16_t sent_time) {
    if (p->ack_count == p->ack_capacity) {
        uint32_t waiting = p->ack_count - p->ack_first;
        if (p->ack_first >= waiting && p->ack_first) {
            memmove(p->acks, p->acks + p->ack_first, waiting * sizeof *p->acks);
            p->ack_first = 0;
            p->ack_count = waiting;
        } else {
            uint32_t capacity = p->ack_capacity * 2;
            bool first = p->acks == p->first_acks;
            ack *grown = realloc(first ? NULL : p->acks, capacity * sizeof *grown);
            if (!grown) return false;
            if (first) memcpy(grown, p->first_acks, sizeof p->first_acks);
            p->acks = grown;
            p->ack_capacity = capacity;
        }
    }
    p->acks[p->ack_count++] = (ack){number, sent_time, id};
    p->outgoing_data_total += ACKNOWLEDGE_SIZE;
    return true;
}

/* The commands from `at` on, of a datagram of `received` bytes whose first one is at `begin`. */
static void parse_commands(gde_engine *e, peer *p, const uint8_t *begin, const uint8_t *at, const uint8_t *end,
                           int32_t sent_time, uint32_t received, bool compressed, const gde_address *from,
                           int64_t now) {
    static const channel unused_channel;
    uint64_t handle_of_peer = p ? p->handle : 0;
    uint32_t commands = 0, peers = e->peer_total;
    while (at < end) {
        commands++;
        uint32_t first = parse_head(at).command, number = first & COMMAND_MASK, size = SIZES[number];
        const uint8_t *following = at + size;
        if (!size || (size_t)(end - at) < size) {
            if (compressed && at > begin && !number) break; /* The zeros that pad FastLZ's short inputs. */
            engine_drop(e, compressed && at == begin ? DROP_UNDECODABLE : DROP_MALFORMED, from);
            break;
        }
        if (number == COMMAND_CONNECT) {
            if (p) {
                engine_drop(e, DROP_CONNECT_REFUSED, from);
                break;
            }
            p = handle_connect(e, at, from, received, sent_time, now);
            if (!p) break;
            handle_of_peer = p->handle;
            peers = e->peer_total;
        } else if (!p) {
            if (number == COMMAND_ACKNOWLEDGE && at == begin && refuse_verified(e, at, from)) break;
            engine_drop(e, compressed && at == begin ? DROP_UNDECODABLE : DROP_UNKNOWN_PEER, from);
            break;
        } else {
            span data = {following, 0, false};
            bool good = handle_command(e, p, at, following, end, now, &data);
            if (e->peer_total != peers && !table_get(e, handle_of_peer)) return; /* one was released: this one */
            if (!good || p->state == STATE_ZOMBIE) break;
            following = data.at + data.length;
            if (data.refused) {
                at = following;
                continue;
            }
        }
        if (first & COMMAND_FLAG_ACKNOWLEDGE) {
            if (sent_time < 0) break;
            if (state_acknowledges(p->state, number)) {
                uint16_t sequence = parse_head(at).sequence;
                uint8_t id = parse_head(at).channel;
                const channel *c = peer_find_channel(p, id);
                if (!c) c = &unused_channel;
                if (c->incoming_reliable == sequence || id >= p->channel_count || channel_acknowledges(c, sequence))
                    push_ack(p, id, sequence, (uint16_t)sent_time);
            }
        }
        at = following;
    }
    if (p) {
        charge(e, p, commands);
        bool has_more = p->ack_count || p->queued_count;
        if (has_more) slots_add(&e->dirty, p->slot);
        /* An acknowledgement may have brought the next ping forward, or revealed a loss. */
        if (!has_more || (e->config.early_retransmit && p->sent_count)) schedule(e, p);
    }
}

/* Finds the sender of a datagram with this header. False: it is dropped for `*cause`; DROP_OVER_BUDGET: it exceeds the
 * budget. */
static bool identify(gde_engine *e, uint32_t word, const gde_address *from, peer **p, half_open **half,
                     uint32_t *cause) {
    uint32_t number = word & MAXIMUM_PEER_ID;
    *p = NULL;
    *half = NULL;
    if (number == MAXIMUM_PEER_ID) return true;
    peer_key key = key_for(e, from, number);
    *p = table_at(e, &key);
    *half = *p ? NULL : half_open_at(e, &key);
    *cause = !*p && e->number_uses[number] ? DROP_WRONG_ADDRESS : DROP_UNKNOWN_PEER;
    if (*p ? (*p)->state == STATE_ZOMBIE : !*half) return false;
    *cause = DROP_WRONG_SESSION;
    if (*half ? (word >> 12 & 3) != (*half)->incoming_session
              : (*p)->outgoing_peer_id < MAXIMUM_PEER_ID && (word >> 12 & 3) != (*p)->incoming_session)
        return false;
    *cause = DROP_OVER_BUDGET;
    return *half || !must_defer(e, *p);
}

/* Whether this is the beginning of a DTLS record, 1.0 to 1.3: content type, version, and a length that fits. */
static bool is_dtls_record(const uint8_t *data, uint32_t length) {
    enum { HEADER = 13, FIRST_TYPE = 20, LAST_TYPE = 23, MAJOR = 0xFE };
    return length >= HEADER && data[0] >= FIRST_TYPE && data[0] <= LAST_TYPE && data[1] == MAJOR &&
           HEADER + (uint32_t)read16(data + 11) <= length;
}

static uint32_t header_size(const gde_engine *e, uint32_t word) {
    return (word & HEADER_SENT_TIME ? 4 : 2) + (e->config.checksum ? 4 : 0);
}

/* Whether nothing more is decompressed for this sender in this pass. */
static bool is_refused(const gde_engine *e, const peer *p, const half_open *half) {
    return p ? is_suspect(e, p) : half && is_unverified_exhausted(e);
}

/* The maximum decompressed length for this sender; 0: the compressed datagram is too long already. */
static uint32_t plain_limit(bool known, uint32_t header, uint32_t coded) {
    return known ? MAXIMUM_DATAGRAM - header : coded <= UNVALIDATED_BODY_LIMIT ? UNVALIDATED_BODY_LIMIT : 0;
}

uint32_t expansion_limit(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from) {
    peer *p;
    half_open *half;
    uint32_t cause;
    if (length < 2 || length > MAXIMUM_DATAGRAM || !(read16(data) & HEADER_COMPRESSED)) return 0;
    uint32_t word = read16(data), header = header_size(e, word);
    if (length < header || !identify(e, word, from, &p, &half, &cause) || is_refused(e, p, half)) return 0;
    return plain_limit(p || half, header, length - header);
}

static void post_eviction(gde_engine *e, peer *p) {
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    post(e, buffer, evict(e, p, buffer), &p->address, NULL);
}

void receive_datagram(gde_engine *e, const uint8_t *data, uint32_t length, uint32_t wire, bool expanded,
                      const gde_address *from, int64_t now) {
    if (length < 2 || length > MAXIMUM_DATAGRAM) {
        if (length) engine_drop(e, length < 2 ? DROP_SHORT : DROP_OVERSIZED, from);
        return;
    }
    uint32_t word = read16(data);
    uint32_t header = header_size(e, word), cause;
    if (length < header) {
        engine_drop(e, DROP_SHORT, from);
        return;
    }
    int32_t sent_time = word & HEADER_SENT_TIME ? read16(data + 2) : -1;
    peer *p;
    half_open *half;
    if (!identify(e, word, from, &p, &half, &cause)) {
        if (cause != DROP_OVER_BUDGET)
            engine_drop(e, !p && !half && is_dtls_record(data, length) ? DROP_DTLS_RECORD : cause, from);
        else if (defer_datagram(e, p, data, length, now))
            post_eviction(e, p);
        return;
    }
    uint32_t coded = wire - header;
    if (word & HEADER_COMPRESSED && !expanded) {
        if (e->compressor == CODEC_NONE) {
            engine_drop(e, DROP_NO_COMPRESSOR, from);
            return;
        }
        if (is_refused(e, p, half)) {
            engine_drop(e, DROP_OVER_BUDGET, from);
            return;
        }
        uint32_t limit = plain_limit(p || half, header, coded), plain = 0;
        coding *decompress = CODECS[e->compressor].decompress;
        if (limit && decompress) plain = decompress(data + header, length - header, e->scratch + header, limit);
        if (!plain || plain > limit) { /* also if the caller could not decompress it with its codec */
            engine_drop(e, DROP_UNDECODABLE, from);
            suspect(e, p, cost_of_decoding(e, coded, p || half ? limit : UNVALIDATED_BODY_LIMIT));
            return;
        }
        memcpy(e->scratch, data, header);
        data = e->scratch;
        length = header + plain;
    }
    uint32_t cost = word & HEADER_COMPRESSED ? cost_of_decoding(e, coded, length - header) : 0;
    if (e->config.checksum) {
        uint8_t key[4];
        write32_little(key, p ? p->connect_id : half ? half->connect_id : 0);
        uint32_t crc = gde_crc32(gde_crc32(0, data, header - 4), key, 4);
        if (gde_crc32(crc, data + header, length - header) != read32(data + header - 4)) {
            engine_drop(e, DROP_CHECKSUM, from);
            suspect(e, p, cost);
            return;
        }
    }
    if (p) charge(e, p, cost);
    if (half) charge_unverified(e, cost);
    const uint8_t *begin = data + header, *at = begin;
    if (p && p->any_source && !accept_answer(e, p, begin, data + length, from)) {
        engine_drop(e, DROP_WRONG_ADDRESS, from);
        return;
    }
    if (half) {
        at = parse_address_proof(e, half, begin, data + length, wire, now);
        if (!at || !(p = promote(e, half, now))) return;
    }
    if (p) {
        p->incoming_data_total += length;
        p->pass_bytes += length;
        if (p->validation_credit < 0) p->recovery.backoff = min32(p->recovery.backoff, MAX_LIVE_BACKOFF);
    }
    parse_commands(e, p, begin, at, data + length, sent_time, wire, (word & HEADER_COMPRESSED) != 0, from, now);
}
