/* A host's state and the entry points of the ABI (see engine.py, which this follows method by method). */
#include "internal.h"

#include <stdlib.h>

uint32_t gde_abi_version(void) { return GDE_ABI_VERSION; }

uint32_t gde_sizeof(uint32_t kind) {
    static const uint32_t sizes[] = {sizeof(gde_address), sizeof(gde_config), sizeof(gde_peer_info), sizeof(gde_event),
                                     sizeof(gde_drop_report)};
    return kind < sizeof sizes / sizeof *sizes ? sizes[kind] : 0;
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
    e->random_state = config->seed;
    memset(e->sessions, UNKNOWN_SESSION, sizeof e->sessions);
    return e;
}

static void free_packets(gde_engine *e, peer *p) {
    while (p->first_packet) {
        packet *next = p->first_packet->next;
        e->waiting_bytes -= p->first_packet->length + PACKET_OVERHEAD;
        packet_free(e, p->first_packet);
        p->first_packet = next;
    }
    p->last_packet = NULL;
    p->packet_count = 0;
}

static void free_list(gde_engine *e, list_node *list) {
    while (!list_empty(list)) {
        command *c = COMMAND_OF(list->next);
        list_remove(&c->node);
        command_free(e, c);
    }
}

void gde_engine_destroy(gde_engine *e) {
    if (!e) return;
    for (uint32_t i = 0; i < e->fresh; i++)
        if (e->slots[i]) peer_release(e, e->slots[i]);
    for (uint32_t i = e->outbox_first; i < e->outbox_count; i++) free(e->outbox[i].data);
    free(e->outbox);
    free(e->timers);
    free(e->by_address);
    if (e->taken) packet_free(e, e->taken);
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

/* From the world */

void gde_receive(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *from, int64_t now) {
    receive_datagram(e, data, length, from, now);
}

static bool before(const timer_entry *a, const timer_entry *b) {
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void sift_up(gde_engine *e, uint32_t i) {
    timer_entry entry = e->timers[i];
    while (i && before(&entry, &e->timers[(i - 1) / 2])) {
        e->timers[i] = e->timers[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    e->timers[i] = entry;
}

static void sift_down(gde_engine *e, uint32_t i) {
    timer_entry entry = e->timers[i];
    for (uint32_t child; (child = 2 * i + 1) < e->timer_count; i = child) {
        if (child + 1 < e->timer_count && before(&e->timers[child + 1], &e->timers[child])) child++;
        if (!before(&e->timers[child], &entry)) break;
        e->timers[i] = e->timers[child];
    }
    e->timers[i] = entry;
}

static void pop_timer(gde_engine *e) {
    e->timers[0] = e->timers[--e->timer_count];
    if (e->timer_count) sift_down(e, 0);
}

static peer *timer_peer(gde_engine *e, const timer_entry *entry) {
    peer *p = table_get(e, entry->peer);
    return p && p->has_timer && p->timer == entry->at ? p : NULL;
}

static void compact_timers(gde_engine *e) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < e->timer_count; i++)
        if (timer_peer(e, &e->timers[i])) e->timers[kept++] = e->timers[i];
    e->timer_count = kept;
    for (uint32_t i = kept / 2; i-- > 0;) sift_down(e, i);
}

void schedule(gde_engine *e, peer *p) {
    int64_t due;
    if (!due_at(p, &due) || (p->has_timer && due >= p->timer)) return;
    if (e->timer_count >= 64 + 4 * e->peer_total) compact_timers(e);
    if (e->timer_count == e->timer_capacity) {
        uint32_t capacity = e->timer_capacity ? e->timer_capacity * 2 : 16;
        timer_entry *grown = realloc(e->timers, capacity * sizeof *grown);
        if (!grown) return;
        e->timers = grown;
        e->timer_capacity = capacity;
    }
    p->timer = due;
    p->has_timer = true;
    e->timers[e->timer_count] = (timer_entry){due, ++e->timer_serial, p->handle};
    sift_up(e, e->timer_count++);
}

static void attend(gde_engine *e, peer *p, int64_t now) {
    int64_t due;
    if (!due_at(p, &due)) return;
    if (due > now) {
        schedule(e, p);
    } else if ((p->has_deadline && p->deadline <= now) || (!list_empty(&p->sent) && check_timeouts(p, now))) {
        peer_lost(e, p);
    } else {
        slots_add(&e->dirty, p->slot);
    }
}

void gde_handle_timeout(gde_engine *e, int64_t now) {
    if (now - e->throttle_epoch >= BANDWIDTH_INTERVAL) bandwidth_throttle(e, now);
    while (e->timer_count && e->timers[0].at <= now) {
        peer *p = timer_peer(e, &e->timers[0]);
        pop_timer(e);
        if (!p) continue;
        p->has_timer = false;
        attend(e, p, now);
    }
}

/* From the user */

uint32_t engine_random(gde_engine *e) {
    uint32_t n = e->random_state += 0x6D2B79F5u;
    n = (n ^ n >> 15) * (n | 1u);
    n ^= n + (n ^ n >> 7) * (n | 61u);
    return n ^ n >> 14;
}

int64_t gde_connect(gde_engine *e, const gde_address *to, uint32_t channels, uint32_t data) {
    peer *p = table_allocate(e, to, NULL);
    if (!p) return GDE_ERR_NO_FREE_PEER;
    p->channel_count = max32(1, min32(channels, MAXIMUM_CHANNEL_COUNT));
    change_state(e, p, STATE_CONNECTING);
    set_mtu(e, p, p->mtu);
    p->window_size = e->outgoing_bandwidth == 0
                         ? MAXIMUM_WINDOW_SIZE
                         : clamp_window(e->outgoing_bandwidth / WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE);
    uint8_t tail[44], *at = write16(tail, p->slot);
    *at++ = p->incoming_session;
    *at++ = p->outgoing_session;
    at = write32(write32(write32(at, p->mtu), p->window_size), p->channel_count);
    at = write32(write32(at, e->incoming_bandwidth), e->outgoing_bandwidth);
    at = write32(write32(write32(at, p->throttle_interval), p->throttle_acceleration), p->throttle_deceleration);
    write32(write32_little(at, p->connect_id), data);
    if (!queue_control(e, p, COMMAND_CONNECT, tail, sizeof tail)) {
        peer_release(e, p);
        return GDE_ERR_MEMORY;
    }
    return (int64_t)p->handle;
}

int32_t gde_disconnect(gde_engine *e, uint64_t handle, uint32_t data, uint32_t mode, int64_t now) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    disconnect_peer(e, p, data, mode, now);
    return GDE_OK;
}

int32_t gde_send(gde_engine *e, uint64_t handle, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags) {
    peer *p = table_get(e, handle);
    return p ? queue_packet(e, p, id, data, length, flags, NULL) : GDE_ERR_UNKNOWN_PEER;
}

int32_t gde_broadcast(gde_engine *e, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags) {
    body *shared = NULL;
    int32_t result = GDE_OK;
    for (uint32_t i = 0; i < e->fresh; i++) {
        peer *p = e->slots[i];
        if (p && p->state == STATE_CONNECTED && queue_packet(e, p, id, data, length, flags, &shared) == GDE_ERR_MEMORY)
            result = GDE_ERR_MEMORY;
    }
    body_release(shared);
    return result;
}

int32_t gde_ping(gde_engine *e, uint64_t handle) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    return p->state == STATE_CONNECTED && !queue_ping(e, p) ? GDE_ERR_MEMORY : GDE_OK;
}

static void configure_throttle(gde_engine *e, peer *p, const uint32_t *values) {
    if (p->state == STATE_CONNECTING) {
        memcpy(p->pending_throttle, values, sizeof p->pending_throttle);
        p->throttle_pending = true;
        return;
    }
    p->throttle_interval = values[0];
    p->throttle_acceleration = values[1];
    p->throttle_deceleration = values[2];
    if (in_session(p)) {
        uint8_t tail[12];
        write32(write32(write32(tail, values[0]), values[1]), values[2]);
        queue_control(e, p, COMMAND_THROTTLE_CONFIGURE, tail, sizeof tail);
    }
}

int32_t gde_configure(gde_engine *e, uint64_t handle, uint32_t option, uint32_t a, uint32_t b, uint32_t c) {
    peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    switch (option) {
    case OPTION_PING_INTERVAL:
        p->ping_interval = a ? a : DEFAULT_PING_INTERVAL;
        break;
    case OPTION_TIMEOUT:
        p->timeout_limit = a ? a : DEFAULT_TIMEOUT_LIMIT;
        p->timeout_minimum = b ? b : DEFAULT_TIMEOUT_MINIMUM;
        p->timeout_maximum = c ? c : DEFAULT_TIMEOUT_MAXIMUM;
        break;
    case OPTION_THROTTLE:
        configure_throttle(e, p, (uint32_t[3]){a, b, c});
        break;
    default:
        return GDE_ERR_ARGUMENT;
    }
    schedule(e, p);
    return GDE_OK;
}

void gde_bandwidth_limit(gde_engine *e, uint32_t incoming, uint32_t outgoing) {
    e->incoming_bandwidth = incoming;
    e->outgoing_bandwidth = outgoing;
    e->recalculate = true;
}

void gde_set_channel_limit(gde_engine *e, uint32_t limit) {
    e->channel_limit = limit > 0 && limit <= MAXIMUM_CHANNEL_COUNT ? limit : MAXIMUM_CHANNEL_COUNT;
}

int32_t gde_set_compressor(gde_engine *e, uint32_t mode) {
    if (mode > 2) return GDE_ERR_ARGUMENT;
    e->compressor = mode;
    return GDE_OK;
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

int32_t gde_poll_transmit(gde_engine *e, int64_t now, uint32_t urgent, uint8_t *buffer, gde_address *to) {
    if (e->outbox_first < e->outbox_count) {
        outgoing_datagram *next = &e->outbox[e->outbox_first++];
        uint32_t length = next->length;
        memcpy(buffer, next->data, length);
        *to = next->to;
        free(next->data);
        return (int32_t)length;
    }
    e->outbox_first = e->outbox_count = 0;
    return (int32_t)transmit_next(e, now, urgent != 0, buffer, to);
}

/* A whole send pass into the outbox, for what must leave before its peer is forgotten. */
static void transmit_to_outbox(gde_engine *e, int64_t now) {
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    gde_address to;
    for (uint32_t length; (length = transmit_next(e, now, false, buffer, &to));) {
        if (e->outbox_count == e->outbox_capacity) {
            uint32_t capacity = e->outbox_capacity ? e->outbox_capacity * 2 : 4;
            outgoing_datagram *grown = realloc(e->outbox, capacity * sizeof *grown);
            if (!grown) continue; /* lost, as on the wire */
            e->outbox = grown;
            e->outbox_capacity = capacity;
        }
        uint8_t *copy = malloc(length);
        if (!copy) continue;
        memcpy(copy, buffer, length);
        e->outbox[e->outbox_count++] = (outgoing_datagram){copy, length, to};
    }
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

static void unqueue_peer(gde_engine *e, peer *p) {
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
            e->waiting_bytes -= taken->length + PACKET_OVERHEAD;
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

int32_t gde_poll_timeout(gde_engine *e, int64_t *due) {
    if (e->dirty.words_used || e->outbox_first < e->outbox_count) {
        *due = 0;
        return 1;
    }
    bool has_due = e->connected_peers && (e->recalculate || e->outgoing_bandwidth || e->limited_peers);
    if (has_due) *due = e->throttle_epoch + BANDWIDTH_INTERVAL;
    while (e->timer_count) {
        int64_t at = e->timers[0].at, actual;
        peer *p = timer_peer(e, &e->timers[0]);
        if (p && due_at(p, &actual) && actual <= at) {
            if (!has_due || at < *due) *due = at;
            return 1;
        }
        pop_timer(e);
        if (p) {
            p->has_timer = false;
            schedule(e, p);
        }
    }
    return has_due;
}

int32_t gde_poll_drops(gde_engine *e, gde_drop_report *reports, int32_t capacity) {
    int32_t count = (int32_t)e->report_count < capacity ? (int32_t)e->report_count : capacity;
    for (int32_t i = 0; i < count; i++) reports[i] = e->reports[e->report_order[i]];
    for (uint32_t i = 0; i < e->report_count; i++) e->reports[e->report_order[i]].times = 0;
    e->report_count = 0;
    return count;
}

/* Looking */

int32_t gde_peers(gde_engine *e, uint64_t *peers, int32_t capacity) {
    int32_t count = 0;
    for (uint32_t i = 0; i < e->fresh && count < capacity; i++)
        if (e->slots[i]) peers[count++] = e->slots[i]->handle;
    return count;
}

int32_t gde_get_peer_info(gde_engine *e, uint64_t handle, gde_peer_info *info) {
    const peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    *info = (gde_peer_info){
        .peer = p->handle,
        .address = p->address,
        .state = p->state,
        .channel_count = p->channel_count,
        .mtu = p->mtu,
        .connect_id = p->connect_id,
        .window_size = p->window_size,
        .incoming_bandwidth = p->incoming_bandwidth,
        .outgoing_bandwidth = p->outgoing_bandwidth,
        .reliable_data_in_transit = (uint32_t)p->reliable_data_in_transit,
        .waiting_data = p->waiting_data,
        .packets_queued = p->queued_count,
    };
    return GDE_OK;
}

int32_t gde_peer_state(gde_engine *e, uint64_t handle) {
    const peer *p = table_get(e, handle);
    return p ? p->state : STATE_DISCONNECTED;
}

int64_t gde_peer_statistic(gde_engine *e, uint64_t handle, uint32_t which) {
    const peer *p = table_get(e, handle);
    if (!p) return GDE_ERR_UNKNOWN_PEER;
    const uint64_t values[GDE_STATISTICS] = {
        p->packet_loss,
        p->packet_loss_variance,
        (uint64_t)p->packet_loss_epoch,
        p->rtt,
        p->rtt_variance,
        p->last_rtt,
        p->last_rtt_variance,
        p->throttle,
        p->throttle_limit,
        p->throttle_counter,
        (uint64_t)p->throttle_epoch,
        p->throttle_acceleration,
        p->throttle_deceleration,
        p->throttle_interval,
    };
    return which < GDE_STATISTICS ? (int64_t)(values[which] & 0xFFFFFFFFu) : GDE_ERR_ARGUMENT;
}

uint32_t gde_channel_limit(gde_engine *e) { return e->channel_limit; }

void gde_drops(gde_engine *e, uint64_t *counts) { memcpy(counts, e->drops, sizeof e->drops); }

/* For the other files */

void engine_drop(gde_engine *e, uint32_t cause, const gde_address *from) {
    e->drops[cause]++;
    gde_drop_report *report = &e->reports[cause];
    if (!report->times) e->report_order[e->report_count++] = cause;
    report->cause = cause;
    report->address = *from;
    report->times++;
}

void change_state(gde_engine *e, peer *p, uint8_t state) {
    bool was = in_session(p);
    p->state = state;
    if (in_session(p) && !was) {
        e->connected_peers++;
        e->limited_peers += p->incoming_bandwidth != 0;
    } else if (was && !in_session(p)) {
        e->connected_peers--;
        e->limited_peers -= p->incoming_bandwidth != 0;
    }
}

void peer_connected(gde_engine *e, peer *p) {
    e->recalculate = true;
    p->connect_data = p->state == STATE_CONNECTING ? 0 : p->event_data;
    p->connect_pending = true;
    change_state(e, p, STATE_CONNECTED);
    enqueue(e, p);
    if (p->throttle_pending) {
        p->throttle_pending = false;
        configure_throttle(e, p, p->pending_throttle);
    }
}

void peer_lost(gde_engine *e, peer *p) {
    if (p->state == STATE_ACKNOWLEDGING_CONNECT) {
        peer_release(e, p);
        return;
    }
    if (p->state != STATE_CONNECTING) e->recalculate = true;
    if (p->state != STATE_ACKNOWLEDGING_DISCONNECT) p->event_data = 0;
    reset_queues(e, p);
    become_zombie(e, p);
    p->recalculates = false;
}

void become_zombie(gde_engine *e, peer *p) {
    change_state(e, p, STATE_ZOMBIE);
    p->recalculates = true;
    p->has_deadline = false;
    enqueue(e, p);
}

void reset_queues(gde_engine *e, peer *p) {
    p->ack_first = p->ack_count = 0;
    free_list(e, &p->sent);
    free_list(e, &p->control);
    free_list(e, &p->unreliable);
    free_list(e, &p->reliable);
    free(p->sent_hash);
    p->sent_hash = NULL;
    p->sent_slots = p->sent_count = p->queued_count = 0;
    peer_free_channels(p);
    p->channel_count = 0;
    p->held = 0;
    p->waiting_data = 0;
    for (const packet *waiting = p->first_packet; waiting; waiting = waiting->next) p->waiting_data += waiting->length;
}

static void forget_undelivered(gde_engine *e, peer *p) {
    for (const packet *waiting = p->first_packet; waiting; waiting = waiting->next) p->waiting_data -= waiting->length;
    free_packets(e, p);
    p->connect_pending = false;
    if (p->needs_dispatch) {
        p->needs_dispatch = false;
        unqueue_peer(e, p);
    }
}

void peer_release(gde_engine *e, peer *p) {
    reset_queues(e, p);
    /* poll_event has taken the peer off the queue already when it releases it. */
    forget_undelivered(e, p);
    change_state(e, p, STATE_DISCONNECTED);
    slots_remove(&e->dirty, p->slot);
    slots_remove(&e->held_back, p->slot);
    clear_bit(e->active, p->slot);
    free(p->acks);
    free(p->unsequenced_map);
    table_release(e, p);
}

static void say_farewell(gde_engine *e, peer *p, uint32_t data, int64_t now) {
    reset_queues(e, p);
    queue_farewell(e, p, data);
    transmit_to_outbox(e, now);
}

void disconnect_peer(gde_engine *e, peer *p, uint32_t data, uint32_t mode, int64_t now) {
    uint8_t state = p->state;
    if (mode == MODE_RESET) {
        peer_release(e, p);
    } else if (mode == MODE_NOW) {
        if (state != STATE_ZOMBIE && state != STATE_DISCONNECTING) say_farewell(e, p, data, now);
        peer_release(e, p);
    } else if (mode == MODE_LATER && in_session(p) && has_outgoing(p)) {
        if (state != STATE_DISCONNECT_LATER) change_state(e, p, STATE_DISCONNECT_LATER);
        p->event_data = data;
        forget_undelivered(e, p);
    } else if (in_session(p)) {
        uint8_t tail[4];
        reset_queues(e, p);
        forget_undelivered(e, p);
        write32(tail, data);
        queue_control(e, p, COMMAND_DISCONNECT, tail, sizeof tail);
        change_state(e, p, STATE_DISCONNECTING);
    } else if (state == STATE_CONNECTING || state == STATE_ACKNOWLEDGING_CONNECT) {
        say_farewell(e, p, data, now);
        peer_release(e, p);
    }
}

void set_mtu(gde_engine *e, peer *p, uint32_t mtu) {
    p->mtu = mtu;
    p->fragment_length = mtu - 4 - FRAGMENT_HEADER - (e->config.checksum ? 4 : 0);
}
