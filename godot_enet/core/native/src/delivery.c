/* From received data commands to packets in order (see delivery.py, which this follows function by function). */
#include "internal.h"

#include <stdlib.h>

static const int64_t NOT_NEXT = -1; /* not the next in order of its channel */

/* `next_in_order`: its length, or NOT_NEXT. See delivery.py for the rule. */
static bool has_room(gde_engine *e, peer *p, bool reliable, int64_t next_in_order) {
    uint64_t budget = e->config.maximum_waiting_data;
    if (next_in_order != NOT_NEXT && !p->packet_count && !p->unread) {
        budget += e->config.maximum_packet_size;
        if (p->waiting_data < budget || next_in_order <= MAXIMUM_WINDOW_SIZE) return true;
    } else if (p->held < MAX_HELD_COMMANDS && (uint64_t)p->packet_count + p->unread < MAX_HELD_COMMANDS) {
        if (p->waiting_data < (reliable ? budget : (budget + 1) / 2)) return can_buffer(e, p, BUFFER_OVERHEAD, false);
    }
    engine_drop(e, DROP_WAITING_DATA_FULL, &p->address);
    return false;
}

/* Whether the channel already holds the maximum of early unreliable commands. */
static bool is_crowded(gde_engine *e, peer *p, const channel *c) {
    if (c->late_count < MAX_EARLY_UNRELIABLE) return false;
    engine_drop(e, DROP_WAITING_DATA_FULL, &p->address);
    return true;
}

static void hold(gde_engine *e, peer *p, held *h) {
    p->waiting_data += h->total_length;
    p->held++;
    h->buffered_bytes = (h->fragment_count ? 0 : h->total_length) + BUFFER_OVERHEAD;
    p->buffered_bytes += h->buffered_bytes;
    e->buffered_bytes += h->buffered_bytes;
}

/* Undo the accounting of hold() and of fragments, except for the waiting data. */
static void unhold(gde_engine *e, peer *p, const held *h) {
    p->held -= 1 + h->stored;
    p->buffered_bytes -= h->buffered_bytes;
    e->buffered_bytes -= h->buffered_bytes;
}

static void discard(gde_engine *e, peer *p, held *h) {
    p->waiting_data -= h->total_length;
    unhold(e, p, h);
    held_free(e, h);
}

static packet *packet_create(gde_engine *e, uint32_t id, uint8_t flags, uint32_t length) {
    bool pooled;
    packet *made = pool_take(e, sizeof *made + length, &pooled);
    if (made) *made = (packet){NULL, length, (uint8_t)id, flags, pooled};
    return made;
}

static void append_packet(gde_engine *e, peer *p, packet *made) {
    if (p->last_packet)
        p->last_packet->next = made;
    else
        p->first_packet = made;
    p->last_packet = made;
    p->packet_count++;
    p->buffered_bytes += made->length + BUFFER_OVERHEAD;
    e->buffered_bytes += made->length + BUFFER_OVERHEAD;
    enqueue(e, p);
}

/* A packet already charged to the waiting data. False without memory; the charge is undone then. */
static bool deliver(gde_engine *e, peer *p, uint32_t id, uint8_t flags, const uint8_t *data, uint32_t length) {
    packet *made = p->state == STATE_CONNECTED ? packet_create(e, id, flags, length) : NULL;
    if (!made) {
        p->waiting_data -= length;
        return p->state != STATE_CONNECTED;
    }
    if (length) memcpy(made->data, data, length);
    append_packet(e, p, made);
    return true;
}

/* Join the fragments, none of which is missing. */
static void join(held *h) {
    /* The offset of the last one was not known when it arrived. Gaps are 0. */
    for (uint32_t i = 0; i < h->stored && !h->irregular; i++)
        if (h->pieces[i].number == h->fragment_count - 1)
            h->irregular = h->pieces[i].offset != (uint64_t)(h->fragment_count - 1) * h->unit;
    if (h->irregular) memset(h->packet->data, 0, h->total_length);
    for (uint32_t i = 0; i < h->stored; i++) {
        memcpy(h->packet->data + h->pieces[i].offset, h->pieces[i].data, h->pieces[i].length);
        free(h->pieces[i].data);
        h->pieces[i].data = NULL;
    }
}

/* Deliver a held packet and free its record. */
static void release_held(gde_engine *e, peer *p, held *h) {
    unhold(e, p, h);
    if (p->state == STATE_CONNECTED) {
        if (h->fragment_count) join(h);
        append_packet(e, p, h->packet);
        h->packet = NULL;
    } else {
        p->waiting_data -= h->total_length;
    }
    held_free(e, h);
}

/* An early command, stored in the memory that it will be delivered in: acknowledged data must not be lost then. */
static held *hold_packet(gde_engine *e, uint32_t id, uint16_t reliable, uint16_t unreliable, uint8_t flags,
                         const uint8_t *data, uint32_t length) {
    held *h = held_create(reliable, unreliable, flags, length, 0);
    if (!h) return NULL;
    if (!(h->packet = packet_create(e, id, flags, length))) {
        held_free(e, h);
        return NULL;
    }
    if (length) memcpy(h->packet->data, data, length);
    return h;
}

static bool late_insert(channel *c, uint32_t position, held *h) {
    if (c->late_count == c->late_capacity) {
        uint32_t capacity = c->late_capacity ? c->late_capacity * 2 : 4;
        held **grown = realloc(c->late, capacity * sizeof *grown);
        if (!grown) return false;
        c->late = grown;
        c->late_capacity = capacity;
    }
    memmove(c->late + position + 1, c->late + position, (c->late_count - position) * sizeof *c->late);
    c->late[position] = h;
    c->late_count++;
    return true;
}

/* How far ahead of the last reliable number an unreliable command is: the order of the queue. */
static uint32_t late_rank(const channel *c, uint16_t reliable, uint16_t unreliable) {
    return (uint32_t)(uint16_t)(reliable - c->incoming_reliable) << 16 | unreliable;
}

/* The index of an unreliable command in the queue, or where to insert it. */
static uint32_t late_place(const channel *c, uint16_t reliable, uint16_t unreliable) {
    uint32_t rank = late_rank(c, reliable, unreliable), low = 0, high = c->late_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (late_rank(c, c->late[middle]->reliable, c->late[middle]->unreliable) < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static held *late_at(const channel *c, uint32_t place, uint16_t reliable, uint16_t unreliable) {
    held *h = place < c->late_count ? c->late[place] : NULL;
    return h && h->reliable == reliable && h->unreliable == unreliable ? h : NULL;
}

static void mark_ready(channel *c, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) c->late[i]->ready = 1;
}

/* enet: peer.c: enet_peer_dispatch_incoming_unreliable_commands */
static void dispatch_unreliable(gde_engine *e, peer *p, channel *c, const held *protected_held) {
    uint32_t start = 0, drop = 0, current = 0;
    while (current < c->late_count) {
        held *h = c->late[current];
        if (h->reliable == c->incoming_reliable) {
            if (h->remaining == 0) {
                c->incoming_unreliable = h->unreliable;
                current++;
                continue;
            }
            if (start != current) {
                mark_ready(c, start, current);
                drop = current;
            } else if (drop != current) {
                drop = current - 1;
            }
        } else {
            if (channel_accepts(c, h->reliable)) break;
            drop = current + 1;
            if (start != current) mark_ready(c, start, current);
        }
        start = current = current + 1;
    }
    if (start != current) {
        mark_ready(c, start, current);
        drop = current;
    }
    if (current == 0) return; /* The first one waits, so all of them do. */
    charge(e, p, current);
    /* Deliver and drop in one sweep; both keep the order. */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < current; i++) {
        held *h = c->late[i];
        if (h->ready)
            release_held(e, p, h);
        else if (i >= drop || h == protected_held)
            c->late[kept++] = h;
        else
            discard(e, p, h);
    }
    memmove(c->late + kept, c->late + current, (c->late_count - current) * sizeof *c->late);
    c->late_count -= current - kept;
}

/* Early commands numbered inside a delivered group: only a broken sender makes them. */
static void forget_within(gde_engine *e, peer *p, channel *c, uint16_t start, uint32_t count) {
    for (uint32_t ahead = 1; ahead < count && ahead <= 0xFFFF && c->early_count; ahead++) {
        held *h = early_find(e, c, (uint16_t)(start + ahead));
        if (!h) continue;
        early_remove(e, c, h);
        discard(e, p, h);
    }
}

/* Deliver the rest of the channel in the next pass. */
static void defer_release(gde_engine *e, peer *p, uint32_t id) {
    set_bit(p->releasing, id);
    backlog_add(e, p);
}

void advance(gde_engine *e, peer *p, channel *c, uint32_t id, bool moved) {
    for (;;) {
        uint16_t number = (uint16_t)(c->incoming_reliable + 1);
        held *h = early_find(e, c, number);
        if (!h || h->remaining > 0) break;
        if (is_exhausted(e, p)) {
            defer_release(e, p, id);
            return;
        }
        charge(e, p, max32(h->fragment_count, 1));
        early_remove(e, c, h);
        moved = true;
        c->incoming_reliable = number;
        if (h->fragment_count > 1) {
            c->incoming_reliable = (uint16_t)(number + h->fragment_count - 1);
            if (c->early_count) forget_within(e, p, c, number, h->fragment_count);
        }
        c->incoming_unreliable = 0;
        release_held(e, p, h);
    }
    if (!moved || !c->late_count) return;
    if (is_exhausted(e, p))
        defer_release(e, p, id);
    else
        dispatch_unreliable(e, p, c, NULL);
}

bool receive_reliable(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t number, const uint8_t *data,
                      uint32_t length) {
    if (p->state == STATE_DISCONNECT_LATER) return true;
    if (number == (uint16_t)(c->incoming_reliable + 1) && !early_find(e, c, number)) {
        if (!has_room(e, p, true, length)) return false;
        p->waiting_data += length;
        if (!deliver(e, p, id, PACKET_RELIABLE, data, length)) return false;
        c->incoming_reliable = number;
        c->incoming_unreliable = 0;
        if (c->early_count || c->late_count) advance(e, p, c, id, true);
        return true;
    }
    if (!channel_accepts(c, number) || number == c->incoming_reliable || early_find(e, c, number)) return true;
    if (!has_room(e, p, true, NOT_NEXT)) return false;
    held *h = hold_packet(e, id, number, 0, PACKET_RELIABLE, data, length);
    if (!h) return false;
    if (!early_insert(e, c, h)) {
        held_free(e, h);
        return false;
    }
    hold(e, p, h);
    return true;
}

bool receive_unreliable(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t reliable, uint16_t unreliable,
                        const uint8_t *data, uint32_t length) {
    if (p->state == STATE_DISCONNECT_LATER) return true;
    if (reliable == c->incoming_reliable && !c->late_count) {
        if (unreliable <= c->incoming_unreliable) return true;
        if (!has_room(e, p, false, NOT_NEXT)) return false;
        p->waiting_data += length;
        if (!deliver(e, p, id, 0, data, length)) return false;
        c->incoming_unreliable = unreliable;
        return true;
    }
    if (!channel_accepts(c, reliable)) return true;
    if (is_crowded(e, p, c)) return true;
    if (reliable == c->incoming_reliable && unreliable <= c->incoming_unreliable) return true;
    uint32_t place = late_place(c, reliable, unreliable);
    if (late_at(c, place, reliable, unreliable)) return true;
    if (!has_room(e, p, false, NOT_NEXT)) return false;
    held *h = hold_packet(e, id, reliable, unreliable, 0, data, length);
    if (!h) return false;
    if (!late_insert(c, place, h)) {
        held_free(e, h);
        return false;
    }
    hold(e, p, h);
    dispatch_unreliable(e, p, c, h);
    return true;
}

bool receive_unsequenced(gde_engine *e, peer *p, uint32_t id, uint16_t group, const uint8_t *data, uint32_t length) {
    uint32_t index = group & 1023, extended = group;
    if (group < p->incoming_unsequenced_group) extended += 65536;
    if (extended >= p->incoming_unsequenced_group + 32768u) return true;
    if (!p->unsequenced_map && !(p->unsequenced_map = calloc(16, sizeof *p->unsequenced_map))) return false;
    uint16_t base = (uint16_t)(group - index);
    if (base != p->incoming_unsequenced_group) {
        p->incoming_unsequenced_group = base;
        memset(p->unsequenced_map, 0, 16 * sizeof *p->unsequenced_map);
    } else if (p->unsequenced_map[index >> 6] >> (index & 63) & 1) {
        return true;
    }
    if (p->state != STATE_DISCONNECT_LATER) {
        if (!has_room(e, p, false, NOT_NEXT)) return false;
        p->waiting_data += length;
        if (!deliver(e, p, id, PACKET_UNSEQUENCED, data, length)) return false;
    }
    set_bit(p->unsequenced_map, index);
    return true;
}

static bool add_fragment(gde_engine *e, peer *p, uint32_t id, held *h, const send_fragment_fields *fragment,
                         const uint8_t *data, bool completes_next) {
    if (held_has(e, h, fragment->fragment_number)) return true;
    /* As many may already wait for this packet. */
    if (p->held >= MAX_HELD_COMMANDS * (completes_next ? 2 : 1)) {
        engine_drop(e, DROP_WAITING_DATA_FULL, &p->address);
        return false;
    }
    uint32_t growth = fragment->length + BUFFER_OVERHEAD;
    /* The last one completes the packet, which may be longer than the fragments received: a crafted group has gaps. */
    uint32_t whole = h->remaining > 1 || h->total_length < h->buffered_bytes ? 0 : h->total_length - h->buffered_bytes;
    if (!can_buffer(e, p, max32(growth, whole), completes_next)) return false;
    if (h->remaining == 1 && !h->packet && !(h->packet = packet_create(e, id, h->flags, h->total_length))) return false;
    if (!held_add(e, h, fragment, data)) return false;
    p->held++;
    h->buffered_bytes += growth;
    p->buffered_bytes += growth;
    e->buffered_bytes += growth;
    return true;
}

bool receive_fragment(gde_engine *e, peer *p, channel *c, uint32_t id, const send_fragment_fields *fragment,
                      const uint8_t *data) {
    uint16_t start = fragment->start_sequence;
    uint32_t count = fragment->fragment_count, total = fragment->total_length;
    held *h = early_find(e, c, start);
    if (!h) {
        if (p->state == STATE_DISCONNECT_LATER || start == c->incoming_reliable) return false;
        bool next = start == (uint16_t)(c->incoming_reliable + 1);
        if (!has_room(e, p, true, next ? total : NOT_NEXT)) return false;
        if (!(h = held_create(start, 0, PACKET_RELIABLE, total, count))) return false;
        if (!early_insert(e, c, h)) {
            held_free(e, h);
            return false;
        }
        hold(e, p, h);
    } else if (h->fragment_count != count || h->total_length != total) {
        return false;
    }
    bool completes_next = start == (uint16_t)(c->incoming_reliable + 1) && !p->packet_count && !p->unread;
    if (!add_fragment(e, p, id, h, fragment, data, completes_next)) return false;
    if (h->remaining == 0) advance(e, p, c, id, false);
    return true;
}

bool receive_unreliable_fragment(gde_engine *e, peer *p, channel *c, uint32_t id, uint16_t reliable,
                                 const send_fragment_fields *fragment, const uint8_t *data) {
    uint16_t start = fragment->start_sequence;
    uint32_t count = fragment->fragment_count, total = fragment->total_length;
    uint32_t place = late_place(c, reliable, start);
    held *h = late_at(c, place, reliable, start);
    if (!h) {
        if (p->state == STATE_DISCONNECT_LATER) return false;
        if (is_crowded(e, p, c)) return true;
        if (!has_room(e, p, false, NOT_NEXT)) return false;
        if (!(h = held_create(reliable, start, PACKET_UNRELIABLE_FRAGMENT, total, count))) return false;
        if (!late_insert(c, place, h)) {
            held_free(e, h);
            return false;
        }
        hold(e, p, h);
        dispatch_unreliable(e, p, c, h);
    }
    if (h->fragment_count != count || h->total_length != total) return false;
    if (!add_fragment(e, p, id, h, fragment, data, false)) return false;
    if (h->remaining == 0) dispatch_unreliable(e, p, c, NULL);
    return true;
}
