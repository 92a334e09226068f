/* The life cycle of a peer (see lifecycle.py, which this follows function by function). */
#include "internal.h"

#include <stdlib.h>

static void free_packets(gde_engine *e, peer *p) {
    while (p->first_packet) {
        packet *next = p->first_packet->next;
        p->buffered_bytes -= p->first_packet->length + BUFFER_OVERHEAD;
        e->buffered_bytes -= p->first_packet->length + BUFFER_OVERHEAD;
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

static void free_backlog(gde_engine *e, peer *p) {
    while (p->backlog_count) {
        backlog_datagram *waiting = p->backlog_first;
        p->backlog_first = waiting->next;
        p->backlog_count--;
        free(waiting);
    }
    memset(p->releasing, 0, sizeof p->releasing);
    backlog_remove(e, p);
}

void change_state(gde_engine *e, peer *p, uint8_t state) {
    check_follows(p->state, state);
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
                     : p->stall.since >= 0                        ? REASON_LIMIT
                                                                  : REASON_TIMEOUT;
    if (!p->timed_out) p->timed_out = COMMAND_CONNECT; /* our own deadline expired: no command was outstanding */
    become_zombie(e, p, reason);
    p->recalculates = false;
}

void become_zombie(gde_engine *e, peer *p, uint8_t reason) {
    reset_queues(e, p);
    change_state(e, p, STATE_ZOMBIE);
    p->reason = reason;
    p->recalculates = true;
    p->has_deadline = false;
    p->validation_credit = -1;
    enqueue(e, p);
}

uint32_t evict(gde_engine *e, peer *p, uint8_t *buffer) {
    uint32_t length = disconnect_datagram(e, p, 0, buffer);
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
    charge(e, p, p->held); /* discarding takes time, too */
    p->held = 0;
    free_backlog(e, p);
    p->waiting_data = p->unread_data;
    for (const packet *waiting = p->first_packet; waiting; waiting = waiting->next) p->waiting_data += waiting->length;
    e->buffered_bytes -= p->buffered_bytes;
    p->buffered_bytes = p->waiting_data + BUFFER_OVERHEAD * ((uint64_t)p->packet_count + p->unread);
    e->buffered_bytes += p->buffered_bytes;
}

void forget_undelivered(gde_engine *e, peer *p) {
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
    e->buffered_bytes -= p->buffered_bytes;
    change_state(e, p, STATE_DISCONNECTED);
    slots_remove(&e->dirty, p->slot);
    slots_remove(&e->held_back, p->slot);
    clear_bit(e->active, p->slot);
    if (p->acks != p->first_acks) free(p->acks);
    free(p->unsequenced_map);
    table_release(e, p);
}

void set_mtu(gde_engine *e, peer *p, uint32_t mtu) {
    p->mtu = (uint16_t)mtu;
    p->fragment_length = (uint16_t)(mtu - 4 - SEND_FRAGMENT_SIZE - (e->config.checksum ? 4 : 0));
}

void begin_disconnect(gde_engine *e, peer *p, uint32_t data) {
    uint8_t wire[DISCONNECT_SIZE];
    reset_queues(e, p);
    forget_undelivered(e, p);
    build_disconnect(wire, &(disconnect_fields){data});
    bool queued = queue_control(e, p, COMMAND_DISCONNECT, wire, sizeof wire);
    change_state(e, p, STATE_DISCONNECTING);
    /* Without memory no DISCONNECT can be sent, so none can be acknowledged. */
    if (!queued) peer_lost(e, p);
}
