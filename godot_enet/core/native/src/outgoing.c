/* From packets to datagrams (see outgoing.py, which this follows function by function). */
#include "internal.h"

#include <stdlib.h>

void body_release(body *b) {
    if (b && --b->references == 0) free(b);
}

void command_free(gde_engine *e, command *c) {
    body_release(c->body);
    free(c->earlier);
    pool_give(e, c, c->pooled);
}

static uint32_t queued_size(const command *c) { return c->head_size + c->length + KEPT_OVERHEAD; }

void command_forget(gde_engine *e, peer *p, command *c) {
    if (c->has_packet) {
        p->queued_data -= queued_size(c);
        e->queued_data -= queued_size(c);
    }
    command_free(e, c);
}

static body *body_create(const uint8_t *data, uint64_t length) {
    body *b = malloc(sizeof *b + length);
    if (!b) return NULL;
    b->references = 1;
    if (length) memcpy(b->data, data, length);
    return b;
}

/* `room` is for the header and what data lies behind it. */
static command *command_create(gde_engine *e, uint8_t number, bool reliable, channel *c, uint32_t key, size_t room) {
    bool pooled;
    command *made = pool_take(e, sizeof *made + room, &pooled);
    if (!made) return NULL;
    *made = (command){.channel = c,
                      .queue_time = ++e->total_queued,
                      .key = key,
                      .number = number,
                      .reliable = reliable,
                      .starts = true,
                      .pooled = pooled};
    return made;
}

static uint8_t *begin_head(command *c, uint8_t first, uint32_t id, uint32_t number) {
    c->wire[HEAD_COMMAND] = first;
    c->wire[HEAD_CHANNEL] = (uint8_t)id;
    return write16(c->wire + HEAD_SEQUENCE, number);
}

static void end_head(command *c, const uint8_t *end) { c->head_size = (uint8_t)(end - c->wire); }

static void queue_command(gde_engine *e, peer *p, list_node *queue, command *c) {
    list_append(queue, &c->node);
    p->queued_count++;
    p->outgoing_data_total += c->head_size + c->length;
    if (c->has_packet) {
        p->queued_data += queued_size(c);
        e->queued_data += queued_size(c);
    }
    slots_add(&e->dirty, p->slot);
}

static void take_body(command *c, body *b, uint32_t offset, uint32_t length) {
    b->references++;
    c->body = b;
    c->offset = offset;
    c->length = length;
    c->has_packet = true;
}

/* The data of a packet that is not cut: shared by the peers of a broadcast, else behind the header. */
static void take_data(command *c, body *b, const uint8_t *data, uint32_t length) {
    if (b) {
        take_body(c, b, 0, length);
        return;
    }
    if (length) memcpy(c->wire + c->head_size, data, length);
    c->length = length;
    c->has_packet = true;
}

static int32_t queue_fragments(gde_engine *e, peer *p, channel *c, uint32_t id, body *b, uint64_t length,
                               uint32_t flags) {
    uint32_t size = p->fragment_length;
    uint64_t count = (length + size - 1) / size;
    bool unreliable = (flags & (PACKET_RELIABLE | PACKET_UNRELIABLE_FRAGMENT)) == PACKET_UNRELIABLE_FRAGMENT &&
                      c->outgoing_unreliable < 0xFFFF;
    uint16_t start = unreliable ? (uint16_t)(c->outgoing_unreliable + 1) : (uint16_t)(c->outgoing_reliable + 1);
    /* All of them or none, so that running out of memory leaves nothing half queued. */
    list_node made;
    list_init(&made);
    uint64_t queued = e->total_queued;
    for (uint32_t number = 0; number < count; number++) {
        uint32_t offset = number * size;
        uint32_t piece_length = length - offset < size ? (uint32_t)(length - offset) : size;
        uint16_t sequence = unreliable ? c->outgoing_reliable : (uint16_t)(start + number);
        command *one = command_create(e, unreliable ? COMMAND_SEND_UNRELIABLE_FRAGMENT : COMMAND_SEND_FRAGMENT,
                                      !unreliable, unreliable ? NULL : c,
                                      unreliable ? (uint32_t)sequence << 16 | start : id << 16 | sequence,
                                      SEND_FRAGMENT_SIZE);
        if (!one) {
            e->total_queued = queued;
            while (!list_empty(&made)) {
                command *back = COMMAND_OF(made.next);
                list_remove(&back->node);
                command_free(e, back);
            }
            return GDE_ERR_MEMORY;
        }
        uint8_t *at = begin_head(one, unreliable ? COMMAND_SEND_UNRELIABLE_FRAGMENT
                                                 : COMMAND_SEND_FRAGMENT | COMMAND_FLAG_ACKNOWLEDGE,
                                 id, sequence);
        at = write16(write16(at, start), piece_length);
        at = write32(write32(at, (uint32_t)count), number);
        end_head(one, write32(write32(at, (uint32_t)length), offset));
        one->starts = number == 0;
        take_body(one, b, offset, piece_length);
        list_append(&made, &one->node);
    }
    if (unreliable) {
        c->outgoing_unreliable++;
    } else {
        c->outgoing_unreliable = 0;
        c->outgoing_reliable = (uint16_t)(start + count - 1);
    }
    while (!list_empty(&made)) {
        command *one = COMMAND_OF(made.next);
        list_remove(&one->node);
        queue_command(e, p, unreliable ? &p->unreliable : &p->reliable, one);
    }
    return GDE_OK;
}

int32_t queue_packet(gde_engine *e, peer *p, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags,
                     body **shared) {
    if (p->state != STATE_CONNECTED) return GDE_ERR_NOT_CONNECTED;
    if (id >= p->channel_count) return GDE_ERR_CHANNEL;
    if (length > e->config.maximum_packet_size) return GDE_ERR_TOO_LARGE;
    if (length > (uint64_t)p->fragment_length * MAXIMUM_FRAGMENT_COUNT) return GDE_ERR_TOO_LARGE;
    if (!may_queue(e, p, length)) return GDE_ERR_QUEUE_FULL;
    channel *c = peer_channel(p, id);
    if (!c) return GDE_ERR_MEMORY;
    bool cut = length > p->fragment_length;
    body *b = shared ? *shared : NULL;
    if ((cut || shared) && !b) {
        if (!(b = body_create(data, length))) return GDE_ERR_MEMORY;
        if (shared) *shared = b;
    }
    if (cut) {
        int32_t result = queue_fragments(e, p, c, id, b, length, flags);
        if (!shared) body_release(b);
        return result;
    }
    uint32_t size = (uint32_t)length;
    size_t behind = b ? 0 : size;
    command *one;
    if ((flags & (PACKET_RELIABLE | PACKET_UNSEQUENCED)) == PACKET_UNSEQUENCED) {
        if (!(one = command_create(e, COMMAND_SEND_UNSEQUENCED, false, NULL, 0, SEND_UNSEQUENCED_SIZE + behind)))
            return GDE_ERR_MEMORY;
        p->outgoing_unsequenced_group++;
        uint8_t *at = begin_head(one, COMMAND_SEND_UNSEQUENCED | COMMAND_FLAG_UNSEQUENCED, id, 0);
        end_head(one, write16(write16(at, p->outgoing_unsequenced_group), size));
        take_data(one, b, data, size);
        queue_command(e, p, &p->unreliable, one);
    } else if (flags & PACKET_RELIABLE || c->outgoing_unreliable >= 0xFFFF) {
        uint16_t number = (uint16_t)(c->outgoing_reliable + 1);
        if (!(one = command_create(e, COMMAND_SEND_RELIABLE, true, c, id << 16 | number, SEND_RELIABLE_SIZE + behind)))
            return GDE_ERR_MEMORY;
        c->outgoing_reliable = number;
        c->outgoing_unreliable = 0;
        end_head(one, write16(begin_head(one, COMMAND_SEND_RELIABLE | COMMAND_FLAG_ACKNOWLEDGE, id, number), size));
        take_data(one, b, data, size);
        queue_command(e, p, &p->reliable, one);
    } else {
        uint32_t number = c->outgoing_unreliable + 1, key = (uint32_t)c->outgoing_reliable << 16 | number;
        if (!(one = command_create(e, COMMAND_SEND_UNRELIABLE, false, NULL, key, SEND_UNRELIABLE_SIZE + behind)))
            return GDE_ERR_MEMORY;
        c->outgoing_unreliable = number;
        uint8_t *at = begin_head(one, COMMAND_SEND_UNRELIABLE, id, c->outgoing_reliable);
        end_head(one, write16(write16(at, number), size));
        take_data(one, b, data, size);
        queue_command(e, p, &p->unreliable, one);
    }
    return GDE_OK;
}

bool queue_control(gde_engine *e, peer *p, uint8_t number, const uint8_t *tail, uint32_t size) {
    uint16_t sequence = (uint16_t)(p->outgoing_reliable_sequence + 1);
    command *c = command_create(e, number, true, NULL, (uint32_t)CONTROL_CHANNEL << 16 | sequence, HEAD_SIZE + size);
    if (!c) return false;
    p->outgoing_reliable_sequence = sequence;
    uint8_t *at = begin_head(c, number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, sequence);
    if (size) memcpy(at, tail, size);
    end_head(c, at + size);
    queue_command(e, p, &p->control, c);
    return true;
}

bool queue_ping(gde_engine *e, peer *p) { return queue_control(e, p, COMMAND_PING, NULL, 0); }

bool queue_farewell(gde_engine *e, peer *p, uint32_t data) {
    uint16_t sequence = (uint16_t)(p->outgoing_reliable_sequence + 1);
    command *c = command_create(e, COMMAND_DISCONNECT, false, NULL, (uint32_t)sequence << 16, DISCONNECT_SIZE);
    if (!c) return false;
    p->outgoing_reliable_sequence = sequence;
    end_head(c, write32(begin_head(c, COMMAND_DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, sequence), data));
    queue_command(e, p, &p->control, c);
    return true;
}

uint32_t farewell(gde_engine *e, const peer *p, uint8_t *buffer) {
    uint8_t wire[DISCONNECT_SIZE] = {COMMAND_DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL};
    write32(write16(wire + HEAD_SEQUENCE, (uint16_t)(p->outgoing_reliable_sequence + 1)), 0);
    return seal(e, p, wire, sizeof wire, -1, buffer);
}

/* A datagram being filled. `size` always counts a four-byte header, as in ENet, and the checksum, which ENet forgets. */
typedef struct {
    uint8_t *at;
    uint32_t size, count;
    bool has_reliable, has_unreliable_packet;
} draft;

static void take_acks(gde_engine *e, peer *p, draft *d) {
    uint32_t waiting = p->ack_count - p->ack_first;
    int64_t limit = p->mtu;
    if (p->trial >= 0 && p->state != STATE_ACKNOWLEDGING_DISCONNECT && p->trial - TRIAL_RESERVE / 2 < limit)
        limit = p->trial - TRIAL_RESERVE / 2 > d->size ? p->trial - TRIAL_RESERVE / 2 : d->size;
    uint32_t room = min32(MAXIMUM_PACKET_COMMANDS, ((uint32_t)limit - d->size) / ACKNOWLEDGE_SIZE);
    uint32_t taken = min32(waiting, room);
    for (uint32_t i = 0; i < taken; i++) {
        const ack *a = &p->acks[p->ack_first + i];
        d->at[HEAD_COMMAND] = COMMAND_ACKNOWLEDGE;
        d->at[HEAD_CHANNEL] = a->channel;
        d->at = write16(write16(write16(d->at + HEAD_SEQUENCE, a->number), a->number), a->sent_time);
    }
    d->count = taken;
    d->size += ACKNOWLEDGE_SIZE * taken;
    p->ack_first += taken;
    if (p->ack_first == p->ack_count)
        p->ack_first = p->ack_count = 0;
    else
        p->continue_sending = room > 0;
    if (p->state == STATE_ACKNOWLEDGING_DISCONNECT) become_zombie(e, p, REASON_REMOTE);
}

static command *head_of(const list_node *queue) { return list_empty(queue) ? NULL : COMMAND_OF(queue->next); }

/* The throttle dropped the first piece of a packet: the rest of it goes too. */
static void drop_packet(gde_engine *e, peer *p, uint32_t sequence) {
    const command *until = head_of(&p->control);
    for (command *c; (c = head_of(&p->unreliable)) && c->key == sequence && (!until || c->queue_time < until->queue_time);) {
        list_remove(&c->node);
        p->queued_count--;
        command_forget(e, p, c);
    }
}

static void write_command(draft *d, const command *c) {
    uint32_t size = c->head_size + c->length;
    if (c->body) {
        memcpy(d->at, c->wire, c->head_size);
        memcpy(d->at + c->head_size, c->body->data + c->offset, c->length);
    } else {
        memcpy(d->at, c->wire, size);
    }
    d->at += size;
    d->size += size;
    d->count++;
}

static bool take_commands(gde_engine *e, peer *p, draft *d, int64_t now, uint64_t latest) {
    uint64_t window = (uint64_t)p->throttle * p->window_size / PACKET_THROTTLE_SCALE;
    if (window < p->mtu) window = p->mtu;
    bool open_window = true, open_unreliable = true, can_ping = true;
    for (;;) {
        command *c = head_of(&p->control), *other;
        if (open_unreliable && (other = head_of(&p->unreliable))) {
            if (other->queue_time > latest) {
                open_unreliable = false;
                slots_add(&e->held_back, p->slot);
            } else if (!c || other->queue_time < c->queue_time) {
                c = other;
            }
        }
        if (open_window && (other = head_of(&p->reliable))) {
            if (other->queue_time > latest) {
                open_window = false;
                slots_add(&e->held_back, p->slot);
            } else if (!c || other->queue_time < c->queue_time) {
                c = other;
            }
        }
        if (!c) break;
        uint32_t size = c->head_size + c->length;
        if (p->trial >= 0) {
            bool is_data = c != head_of(&p->control);
            if (d->size + size + (is_data ? TRIAL_RESERVE : 0) > p->trial) {
                if (!is_data) {
                    can_ping = false;
                    break;
                }
                open_window = open_unreliable = false;
                continue;
            }
        }
        if (c->reliable) {
            if (c->channel) {
                if ((c->attempts < 1 && channel_gate_closed(c->channel, (uint16_t)c->key)) ||
                    p->reliable_data_in_transit + c->length > window) {
                    open_window = false;
                    continue;
                }
            }
            can_ping = false;
        }
        if (d->count >= MAXIMUM_PACKET_COMMANDS || p->mtu - d->size < size) {
            p->continue_sending = true;
            break;
        }
        list_remove(&c->node);
        p->queued_count--;
        bool keep = false;
        if (c->reliable) {
            if (c->channel) {
                if (c->attempts < 1) {
                    uint32_t number = (c->key & 0xFFFF) >> 12;
                    c->channel->used_windows |= (uint16_t)(1u << number);
                    c->channel->reliable_windows[number]++;
                }
                p->reliable_data_in_transit += c->length;
            }
            command_leave(c, now);
            c->attempts++;
            if (c->timeout == 0) c->timeout = p->rtt + 4 * p->rtt_variance;
            c->sent_time = now;
            c->spares = 0;
            c->datagram = p->datagrams;
            sent_insert(e, p, c);
            d->has_reliable = keep = true;
        } else if (c->has_packet) {
            if (c->starts) {
                p->throttle_counter = (p->throttle_counter + PACKET_THROTTLE_COUNTER) % PACKET_THROTTLE_SCALE;
                if (p->throttle_counter > p->throttle) {
                    uint32_t sequence = c->key;
                    command_forget(e, p, c);
                    drop_packet(e, p, sequence);
                    continue;
                }
            }
            d->has_unreliable_packet = true;
        }
        write_command(d, c);
        p->packets_sent++;
        if (!keep) command_forget(e, p, c);
    }
    if (p->state == STATE_DISCONNECT_LATER && !d->has_unreliable_packet && !has_outgoing(p))
        disconnect_peer(e, p, p->event_data, MODE_NORMAL, now);
    return can_ping;
}

/* A copy of a command that is under way, if it fits. */
static bool take_copy(peer *p, draft *d, command *c, int64_t now) {
    if (d->count >= MAXIMUM_PACKET_COMMANDS || p->mtu - d->size < c->head_size + c->length) {
        p->continue_sending = true;
        return false;
    }
    c->spared = true;
    command_leave(c, now);
    write_command(d, c);
    d->has_reliable = true;
    return true;
}

/* Spare copies that are due. */
static void take_spares(const gde_engine *e, peer *p, draft *d, int64_t now) {
    uint32_t wanted = spares_wanted(e, p);
    if (!wanted) return;
    for (list_node *node = p->sent.next; node != &p->sent; node = node->next) {
        command *c = COMMAND_OF(node);
        if (c->spares >= wanted || !c->channel || now - c->spared_at < spare_gap(p)) continue;
        if (!take_copy(p, d, c, now)) break;
        c->spares++;
    }
}

/* Header, compression and checksum, in this order: the checksum covers the plain commands. */
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

uint32_t build_datagram(gde_engine *e, peer *p, int64_t now, uint64_t latest, uint8_t *buffer) {
    p->continue_sending = false;
    if (p->refused && p->state == STATE_CONNECTED && takes_nothing(p, now)) return evict(e, p, buffer);
    if (p->state == STATE_CONNECTING && !list_empty(&p->control) && head_of(&p->control)->queue_time > latest) {
        /* The program may not have finished setting up its host: its first CONNECT waits for its first full pass. */
        slots_add(&e->held_back, p->slot);
        return 0;
    }
    p->datagrams++;
    draft d = {e->body_scratch, e->config.checksum ? 8 : 4, 0, false, false};
    if (p->ack_count) take_acks(e, p, &d);
    bool can_ping = true;
    if (p->queued_count) can_ping = take_commands(e, p, &d, now, latest);
    if (can_ping && list_empty(&p->sent)) {
        bool asks = p->trial >= 0 && (d.count || p->tried_at >= 0);
        if (asks || (p->state == STATE_CONNECTED && now - p->last_receive_time >= (int64_t)p->ping_interval)) {
            if (p->mtu - d.size >= PING_SIZE) {
                queue_ping(e, p);
                slots_remove(&e->dirty, p->slot);
                take_commands(e, p, &d, now, latest);
            } else if (asks) {
                p->continue_sending = true;
            }
        }
    }
    take_spares(e, p, &d, now);
    int64_t call;
    if (call_due_at(e, p, &call) && call <= now) take_copy(p, &d, COMMAND_OF(p->sent.next), now);
    if (!d.count) return 0;
    measure_loss(p, now);
    if (p->trial >= 0) {
        p->trial = p->trial > d.size ? p->trial - d.size : 0;
        if (p->tried_at < 0) p->tried_at = now;
    }
    uint32_t size = (uint32_t)(d.at - e->body_scratch);
    uint32_t length = seal(e, p, e->body_scratch, size, d.has_reliable ? (int32_t)(now & 0xFFFF) : -1, buffer);
    if (d.has_unreliable_packet && p->state == STATE_DISCONNECT_LATER && !has_outgoing(p))
        disconnect_peer(e, p, p->event_data, MODE_NORMAL, now);
    return length;
}
