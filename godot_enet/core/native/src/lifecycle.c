/* How a peer comes, changes and goes (see engine.py). */
#include "internal.h"

#include <stdlib.h>

static void free_packets(gde_engine *e, peer *p) {
    while (p->first_packet) {
        packet *next = p->first_packet->next;
        p->kept -= p->first_packet->length + KEPT_OVERHEAD;
        e->kept -= p->first_packet->length + KEPT_OVERHEAD;
        packet_free(e, p->first_packet);
        p->first_packet = next;
    }
    p->last_packet = NULL;
    p->packet_count = 0;
}

static void free_list(gde_engine *e, peer *p, list_node *list) {
    while (!list_empty(list)) {
        command *c = COMMAND_OF(list->next);
        list_remove(&c->node);
        command_forget(e, p, c);
    }
}

#if defined(GDE_CHECKED)
/* Ends the program where the table of states.py does not have the change. */
static void check_change(uint8_t from, uint8_t to) {
    static const uint32_t following[STATE_COUNT] = STATE_TRANSITIONS;
    if (!(following[from] >> to & 1)) abort();
}
#endif

void change_state(gde_engine *e, peer *p, uint8_t state) {
#if defined(GDE_CHECKED)
    check_change(p->state, state);
#endif
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
    uint8_t reason = p->state == STATE_DISCONNECTING              ? REASON_LOCAL
                     : p->state == STATE_ACKNOWLEDGING_DISCONNECT ? REASON_REMOTE
                     : p->stalls                                  ? REASON_LIMIT
                                                                  : REASON_TIMEOUT;
    if (!p->timed_out) p->timed_out = COMMAND_CONNECT; /* a deadline of ours: there was nothing left to wait for */
    become_zombie(e, p, reason);
    p->recalculates = false;
}

void become_zombie(gde_engine *e, peer *p, uint8_t reason) {
    reset_queues(e, p);
    change_state(e, p, STATE_ZOMBIE);
    p->reason = reason;
    p->recalculates = true;
    p->has_deadline = false;
    p->trial = -1;
    enqueue(e, p);
}

uint32_t evict(gde_engine *e, peer *p, uint8_t *buffer) {
    uint32_t length = farewell(e, p, buffer);
    p->event_data = 0;
    become_zombie(e, p, REASON_LIMIT);
    return length;
}

void reset_queues(gde_engine *e, peer *p) {
    p->ack_first = p->ack_count = 0;
    free_list(e, p, &p->sent);
    free_list(e, p, &p->control);
    free_list(e, p, &p->unreliable);
    free_list(e, p, &p->reliable);
    unacknowledged_clear(p);
    p->sent_count = p->queued_count = 0;
    peer_free_channels(e, p);
    p->channel_count = 0;
    p->held = 0;
    backlog_clear(e, p);
    p->waiting_data = p->untaken_data;
    for (const packet *waiting = p->first_packet; waiting; waiting = waiting->next) p->waiting_data += waiting->length;
    e->kept -= p->kept;
    p->kept = p->waiting_data + KEPT_OVERHEAD * ((uint64_t)p->packet_count + p->untaken);
    e->kept += p->kept;
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
    e->kept -= p->kept;
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
        uint8_t tail[DISCONNECT_SIZE - HEAD_SIZE];
        reset_queues(e, p);
        forget_undelivered(e, p);
        write32(tail, data);
        change_state(e, p, STATE_DISCONNECTING);
        /* Without memory there is nothing whose acknowledgement could be waited for. */
        if (!queue_control(e, p, COMMAND_DISCONNECT, tail, sizeof tail)) peer_lost(e, p);
    } else if (state == STATE_CONNECTING || state == STATE_ACKNOWLEDGING_CONNECT) {
        say_farewell(e, p, data, now);
        peer_release(e, p);
    }
}

void set_mtu(gde_engine *e, peer *p, uint32_t mtu) {
    p->mtu = mtu;
    p->fragment_length = mtu - 4 - SEND_FRAGMENT_SIZE - (e->config.checksum ? 4 : 0);
}
