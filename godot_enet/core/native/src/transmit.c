/* From queues to datagrams, and the pass over all peers (see transmit.py, which this follows function by function). */
#include "internal.h"

#include <stdlib.h>

/* A datagram being filled. `size` always counts a four-byte header, as in ENet, and the checksum, which ENet omits. */
typedef struct {
    uint8_t *at;
    uint32_t size, count;
    bool has_reliable, has_unreliable_packet;
} draft;

static void take_acks(gde_engine *e, peer *p, draft *d) {
    uint32_t waiting = p->ack_count - p->ack_first;
    int64_t limit = p->mtu;
    int64_t credit = p->validation_credit - VALIDATION_RESERVE / 2;
    if (p->validation_credit >= 0 && p->state != STATE_ACKNOWLEDGING_DISCONNECT && credit < limit)
        limit = credit > d->size ? credit : d->size;
    uint32_t room = min32(MAXIMUM_PACKET_COMMANDS, ((uint32_t)limit - d->size) / ACKNOWLEDGE_SIZE);
    uint32_t taken = min32(waiting, room);
    for (uint32_t i = 0; i < taken; i++) {
        const ack *a = &p->acks[p->ack_first + i];
        build_head(d->at, &(head_fields){COMMAND_ACKNOWLEDGE, a->channel, a->number});
        build_acknowledge(d->at, &(acknowledge_fields){a->number, a->sent_time});
        d->at += ACKNOWLEDGE_SIZE;
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

/* Drops the rest of a packet whose first piece the throttle dropped. */
static void drop_packet(gde_engine *e, peer *p, uint32_t sequence) {
    const command *until = head_of(&p->control);
    for (command *c;
         (c = head_of(&p->unreliable)) && c->key == sequence && (!until || c->queue_time < until->queue_time);) {
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

/* The first command of an open queue if it was queued before `c`, else `c`. If it was queued after the last full pass,
 * which only another full pass sends, the queue closes. */
static command *earlier_of(gde_engine *e, peer *p, command *c, const list_node *queue, bool *is_open, uint64_t latest) {
    if (!*is_open || list_empty(queue)) return c;
    command *other = COMMAND_OF(queue->next);
    if (other->queue_time > latest) {
        *is_open = false;
        slots_add(&e->held_back, p->slot);
        return c;
    }
    return !c || other->queue_time < c->queue_time ? other : c;
}

static bool take_commands(gde_engine *e, peer *p, draft *d, int64_t now, uint64_t latest) {
    uint64_t window = (uint64_t)p->throttle * p->window_size / PACKET_THROTTLE_SCALE;
    if (window < p->mtu) window = p->mtu;
    bool open_window = true, open_unreliable = true, can_ping = true;
    for (;;) {
        command *c = head_of(&p->control);
        c = earlier_of(e, p, c, &p->unreliable, &open_unreliable, latest);
        c = earlier_of(e, p, c, &p->reliable, &open_window, latest);
        if (!c) break;
        uint32_t size = c->head_size + c->length;
        if (p->validation_credit >= 0) {
            bool is_data = c != head_of(&p->control);
            if (d->size + size + (is_data ? VALIDATION_RESERVE : 0) > p->validation_credit) {
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
            command_on_sent(c, now);
            c->attempts++;
            if (c->timeout == 0) c->timeout = p->rtt + 4 * p->rtt_variance;
            c->sent_time = now;
            c->copies = 0;
            c->datagram = p->datagrams;
            sent_insert(e, p, c);
            d->has_reliable = keep = true;
        } else if (c->has_packet) {
            if (c->starts) {
                p->throttle_counter = (uint8_t)((p->throttle_counter + PACKET_THROTTLE_COUNTER) %
                                                PACKET_THROTTLE_SCALE);
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
        p->loss.sent++;
        if (!keep) command_forget(e, p, c);
    }
    if (p->state == STATE_DISCONNECT_LATER && !d->has_unreliable_packet && !has_outgoing(p))
        begin_disconnect(e, p, p->event_data);
    return can_ping;
}

/* Adds a copy of a command in flight, if it fits. */
static bool add_copy(peer *p, draft *d, command *c, int64_t now) {
    if (d->count >= MAXIMUM_PACKET_COMMANDS || p->mtu - d->size < c->head_size + c->length) {
        p->continue_sending = true;
        return false;
    }
    c->has_copies = true;
    command_on_sent(c, now);
    write_command(d, c);
    d->has_reliable = true;
    return true;
}

/* Redundant copies that are due. */
static void add_copies(const gde_engine *e, peer *p, draft *d, int64_t now) {
    uint32_t wanted = redundancy_for(e, p);
    if (!wanted) return;
    for (list_node *node = p->sent.next; node != &p->sent; node = node->next) {
        command *c = COMMAND_OF(node);
        if (c->copies >= wanted || !c->channel || now - c->last_copy_time < copy_gap(p)) continue;
        if (!add_copy(p, d, c, now)) break;
        c->copies++;
    }
}

static uint32_t build_datagram(gde_engine *e, peer *p, int64_t now, uint64_t latest, uint8_t *buffer) {
    p->continue_sending = false;
    if (p->refused && p->state == STATE_CONNECTED && is_stalled(p, now)) return evict(e, p, buffer);
    if (p->state == STATE_CONNECTING && !list_empty(&p->control) && head_of(&p->control)->queue_time > latest) {
        /* The program may still be configuring its host: a CONNECT waits for the next full pass. */
        slots_add(&e->held_back, p->slot);
        return 0;
    }
    p->datagrams++;
    draft d = {e->body_scratch, e->config.checksum ? 8 : 4, 0, false, false};
    if (p->ack_count) take_acks(e, p, &d);
    uint32_t acks = d.count;
    bool can_ping = true;
    if (p->queued_count) can_ping = take_commands(e, p, &d, now, latest);
    if (can_ping && list_empty(&p->sent)) {
        /* A queued control command asks as well. It may be the DISCONNECT that begins when all else is sent. */
        bool unasked = p->validation_credit >= 0 && list_empty(&p->control);
        bool low = 4 * (p->validation_credit - d.size) < 3 * (int64_t)p->window_size;
        bool asks = unasked && (d.count > acks || p->validation_started >= 0 || low);
        if (asks || (p->state == STATE_CONNECTED && now - p->last_receive_time >= (int64_t)p->timeouts.ping_interval)) {
            if (p->mtu - d.size >= PING_SIZE) {
                queue_ping(e, p);
                slots_remove(&e->dirty, p->slot);
                take_commands(e, p, &d, now, latest);
            } else if (asks) {
                p->continue_sending = true;
            }
        }
    }
    add_copies(e, p, &d, now);
    int64_t call;
    if (probe_due_at(e, p, &call) && call <= now) add_copy(p, &d, COMMAND_OF(p->sent.next), now);
    if (!d.count) return 0;
    measure_loss(p, now);
    if (p->validation_credit >= 0) {
        p->validation_credit = p->validation_credit > d.size ? p->validation_credit - d.size : 0;
        if (p->validation_started < 0 && d.count > acks) p->validation_started = now;
    }
    uint32_t size = (uint32_t)(d.at - e->body_scratch);
    uint32_t length = seal(e, p, e->body_scratch, size, d.has_reliable ? (int32_t)(now & 0xFFFF) : -1, buffer);
    if (d.has_unreliable_packet && p->state == STATE_DISCONNECT_LATER && !has_outgoing(p))
        begin_disconnect(e, p, p->event_data);
    return length;
}

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

uint32_t transmit_next(gde_engine *e, int64_t now, bool urgent, uint8_t *buffer, gde_address *to) {
    if (!e->transmitting) {
        if (!urgent) {
            e->flushed_up_to = e->total_queued;
            slots_move(&e->dirty, &e->held_back);
        }
        if (!e->dirty.words_used) return 0;
        slots_move(&e->turn, &e->dirty);
        e->transmitting = true;
    }
    for (peer *p; (p = next_in_turn(e));) {
        uint32_t length = build_datagram(e, p, now, e->flushed_up_to, buffer);
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

void transmit_to_outbox(gde_engine *e, int64_t now) {
    uint8_t buffer[MAXIMUM_DATAGRAM + 8];
    gde_address to;
    for (uint32_t length; (length = transmit_next(e, now, false, buffer, &to));) post(e, buffer, length, &to, NULL);
}

uint32_t poll_answers(gde_engine *e, uint8_t *buffer, gde_address *to) {
    if (e->outbox_first == e->outbox_count) {
        e->outbox_first = e->outbox_count = 0;
        return 0;
    }
    outgoing_datagram *next = &e->outbox[e->outbox_first++];
    memcpy(buffer, next->data, next->length);
    *to = next->to;
    e->unpaid = next->unpaid;
    pool_give(e, next->data, next->pooled);
    return next->length;
}
