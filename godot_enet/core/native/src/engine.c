/* A host's state and the entry points of the ABI (see engine.py, which this follows method by method). */
#include "internal.h"

#include <stdlib.h>

uint64_t gde_fingerprint(void) { return GDE_FINGERPRINT; }

int32_t gde_layout(uint32_t *numbers, int32_t capacity) {
    static const uint32_t layout[] = GDE_LAYOUT;
    int32_t count = sizeof layout / sizeof *layout;
    for (int32_t i = 0; i < count && i < capacity; i++) numbers[i] = layout[i];
    return count;
}

gde_engine *gde_engine_create(const gde_config *config) {
    if (config->peer_count < 1 || config->peer_count > MAXIMUM_PEER_ID || config->channel_limit > MAXIMUM_CHANNEL_COUNT ||
        config->mtu < MINIMUM_MTU || config->mtu > MAXIMUM_MTU)
        return NULL;
    gde_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->config = *config;
    e->incoming_bandwidth = config->incoming_bandwidth;
    e->outgoing_bandwidth = config->outgoing_bandwidth;
    e->channel_limit = config->channel_limit ? config->channel_limit : MAXIMUM_CHANNEL_COUNT;
    memset(e->sessions, UNKNOWN_SESSION, sizeof e->sessions);
    gde_blake2s((uint8_t *)e->hash_key, sizeof e->hash_key, config->key, KEY_SIZE, NULL, 0);
    return e;
}

void gde_engine_destroy(gde_engine *e) {
    if (!e) return;
    for (uint32_t i = 0; i < e->fresh; i++)
        if (e->slots[i]) peer_release(e, e->slots[i]);
    for (uint32_t i = e->outbox_first; i < e->outbox_count; i++) free(e->outbox[i].data);
    free(e->outbox);
    free(e->timers);
    free(e->by_address);
    free(e->by_number);
    half_open_clear(e);
    connect_rate_clear(e);
    if (e->taken) packet_free(e, e->taken);
    for (returned_event *each = e->returned, *next; each; each = next) {
        next = each->next;
        if (each->packet) packet_free(e, each->packet);
        free(each);
    }
    while (e->pool) {
        pool_block *next = e->pool->next;
        free(e->pool);
        e->pool = next;
    }
    free(e);
}

void *pool_take(gde_engine *e, size_t size, bool *pooled) {
    *pooled = size <= POOL_BLOCK;
    if (!*pooled) return malloc(size);
    pool_block *block = e->pool;
    if (!block) return malloc(POOL_BLOCK);
    e->pool = block->next;
    e->pool_count--;
    return block;
}

void pool_give(gde_engine *e, void *given, bool pooled) {
    if (!pooled || e->pool_count >= POOL_LIMIT) {
        free(given);
        return;
    }
    pool_block *block = given;
    block->next = e->pool;
    e->pool = block;
    e->pool_count++;
}

void packet_free(gde_engine *e, packet *waiting) { pool_give(e, waiting, waiting->pooled); }

void engine_drop(gde_engine *e, uint32_t cause, const gde_address *from) {
    e->drops[cause]++;
    gde_drop_report *report = &e->reports[cause];
    if (!report->times) e->report_order[e->report_count++] = cause;
    report->cause = cause;
    report->address = *from;
    report->times++;
}

/* From the world */

void gde_receive(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from, int64_t now) {
    receive_datagram(e, data, length, length, false, from, now);
}

void gde_receive_expanded(gde_engine *e, const uint8_t *data, uint32_t length, uint32_t wire, const gde_address *from,
                          int64_t now) {
    receive_datagram(e, data, length, wire, true, from, now);
}

/* Outputs */

/* The next peer in this turn, or in the next turn. */
static peer *next_in_turn(gde_engine *e) {
    for (;;) {
        while (e->turn.words_used) {
            uint32_t word = lowest_bit(e->turn.words_used), slot = word * 64 + lowest_bit(e->turn.words[word]);
            slots_remove(&e->turn, slot);
            peer *p = e->slots[slot];
            if (p && p->state != STATE_DISCONNECTED && p->state != STATE_ZOMBIE) return p;
        }
        if (!e->again.words_used) return NULL;
        slots_move(&e->turn, &e->again);
    }
}

static uint32_t transmit_next(gde_engine *e, int64_t now, bool urgent, uint8_t *buffer, gde_address *to) {
    if (!e->transmitting) {
        if (!urgent) {
            e->released = e->total_queued;
            slots_move(&e->dirty, &e->held_back);
        }
        if (!e->dirty.words_used) return 0;
        slots_move(&e->turn, &e->dirty);
        e->transmitting = true;
    }
    for (peer *p; (p = next_in_turn(e));) {
        uint32_t length = build_datagram(e, p, now, e->released, buffer);
        if (length) *to = p->address;
        if (p->continue_sending) {
            slots_add(&e->again, p->slot);
        } else {
            set_bit(e->active, p->slot);
            schedule(e, p);
        }
        if (length) return length;
    }
    e->transmitting = false;
    return 0;
}

int32_t gde_poll_answers(gde_engine *e, uint8_t *buffer, gde_address *to) {
    if (e->outbox_first == e->outbox_count) {
        e->outbox_first = e->outbox_count = 0;
        return 0;
    }
    outgoing_datagram *next = &e->outbox[e->outbox_first++];
    memcpy(buffer, next->data, next->length);
    *to = next->to;
    e->unpaid = next->unpaid;
    free(next->data);
    return (int32_t)next->length;
}

int32_t gde_poll_transmit(gde_engine *e, int64_t now, uint32_t urgent, uint8_t *buffer, gde_address *to) {
    int32_t length = gde_poll_answers(e, buffer, to);
    return length ? length : (int32_t)transmit_next(e, now, urgent != 0, buffer, to);
}

int32_t gde_afford(gde_engine *e, uint32_t wire, int64_t now) {
    half_open *h = e->unpaid;
    e->unpaid = NULL;
    return !h || half_open_pay(h, wire, now);
}

void post(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *to, half_open *unpaid) {
    if (e->outbox_count == e->outbox_capacity) {
        uint32_t capacity = e->outbox_capacity ? e->outbox_capacity * 2 : 4;
        outgoing_datagram *grown = realloc(e->outbox, capacity * sizeof *grown);
        if (!grown) return; /* lost, as on the wire */
        e->outbox = grown;
        e->outbox_capacity = capacity;
    }
    uint8_t *copy = malloc(length);
    if (!copy) return;
    memcpy(copy, data, length);
    e->outbox[e->outbox_count++] = (outgoing_datagram){copy, length, *to, unpaid};
}

/* A whole send pass into the outbox, for what must leave before its peer is forgotten. */
void transmit_to_outbox(gde_engine *e, int64_t now) {
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    gde_address to;
    for (uint32_t length; (length = transmit_next(e, now, false, buffer, &to));) post(e, buffer, length, &to, NULL);
}

static void queue_peer(gde_engine *e, peer *p) {
    p->dispatch_next = NULL;
    p->dispatch_prev = e->dispatch_last;
    if (e->dispatch_last)
        e->dispatch_last->dispatch_next = p;
    else
        e->dispatch_first = p;
    e->dispatch_last = p;
}

void unqueue_peer(gde_engine *e, peer *p) {
    if (p->dispatch_prev)
        p->dispatch_prev->dispatch_next = p->dispatch_next;
    else
        e->dispatch_first = p->dispatch_next;
    if (p->dispatch_next)
        p->dispatch_next->dispatch_prev = p->dispatch_prev;
    else
        e->dispatch_last = p->dispatch_prev;
}

void enqueue(gde_engine *e, peer *p) {
    if (!p->needs_dispatch) {
        p->needs_dispatch = true;
        queue_peer(e, p);
    }
}

int32_t gde_poll_event(gde_engine *e, gde_event *event) {
    if (e->taken) packet_free(e, e->taken);
    e->taken = NULL;
    if (e->returned) {
        returned_event *first = e->returned;
        e->returned = first->next;
        *event = first->event;
        e->taken = first->packet;
        free(first);
        return 1;
    }
    for (peer *p; (p = e->dispatch_first);) {
        unqueue_peer(e, p);
        *event = (gde_event){.peer = p->handle};
        if (p->connect_pending) {
            p->connect_pending = false;
            event->type = EVENT_CONNECT;
            event->data = p->connect_data;
        } else if (p->first_packet) {
            packet *taken = p->first_packet;
            p->first_packet = taken->next;
            if (!taken->next) p->last_packet = NULL;
            p->packet_count--;
            p->waiting_data -= taken->length;
            p->kept -= taken->length + KEPT_OVERHEAD;
            e->kept -= taken->length + KEPT_OVERHEAD;
            e->taken = taken;
            event->type = EVENT_RECEIVE;
            event->channel = taken->channel;
            event->flags = taken->flags;
            event->packet = taken->data;
            event->length = taken->length;
        } else {
            p->needs_dispatch = false;
            if (p->state != STATE_ZOMBIE) continue;
            if (p->recalculates) e->recalculate = true;
            event->type = EVENT_DISCONNECT;
            event->data = p->event_data;
            event->reason = p->reason;
            event->command = p->reason == REASON_TIMEOUT ? p->timed_out : 0;
            peer_release(e, p);
            return 1;
        }
        if (p->first_packet || p->state == STATE_ZOMBIE)
            queue_peer(e, p);
        else
            p->needs_dispatch = false;
        return 1;
    }
    return 0;
}

/* Of several, the first one put back comes first. */
void put_back(gde_engine *e, const gde_event *event, packet *packet) {
    returned_event *returned = malloc(sizeof *returned);
    if (!returned) {
        if (packet) packet_free(e, packet);
        return;
    }
    *returned = (returned_event){*event, packet, NULL};
    if (e->returned)
        e->last_returned->next = returned;
    else
        e->returned = returned;
    e->last_returned = returned;
}

int32_t gde_poll_drops(gde_engine *e, gde_drop_report *reports, int32_t capacity) {
    int32_t count = (int32_t)e->report_count < capacity ? (int32_t)e->report_count : capacity;
    for (int32_t i = 0; i < count; i++) reports[i] = e->reports[e->report_order[i]];
    for (uint32_t i = 0; i < e->report_count; i++) e->reports[e->report_order[i]].times = 0;
    e->report_count = 0;
    return count;
}
