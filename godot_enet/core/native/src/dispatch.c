/* Which event is reported next (see dispatch.py). */
#include "internal.h"

#include <stdlib.h>

static void stop_dispatch(gde_engine *e, peer *p) {
    unqueue_peer(e, p);
    p->needs_dispatch = false;
}

bool poll_event(gde_engine *e, gde_event *event) {
    if (e->taken) packet_free(e, e->taken);
    e->taken = NULL;
    if (e->returned) {
        returned_event *first = e->returned;
        e->returned = first->next;
        *event = first->event;
        e->taken = first->packet;
        free(first);
        return true;
    }
    for (peer *p; (p = e->dispatch_first);) {
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
            p->buffered_bytes -= taken->length + BUFFER_OVERHEAD;
            e->buffered_bytes -= taken->length + BUFFER_OVERHEAD;
            e->taken = taken;
            event->type = EVENT_RECEIVE;
            event->channel = taken->channel;
            event->flags = taken->flags;
            event->packet = taken->data;
            event->length = taken->length;
        } else {
            stop_dispatch(e, p);
            if (p->state != STATE_ZOMBIE) continue;
            if (p->recalculates) e->recalculate = true;
            event->type = EVENT_DISCONNECT;
            event->data = p->event_data;
            event->reason = p->reason;
            event->command = p->reason == REASON_TIMEOUT ? p->timed_out : 0;
            peer_release(e, p);
            return true;
        }
        if (!p->first_packet && p->state != STATE_ZOMBIE) {
            stop_dispatch(e, p);
        } else if (p->dispatch_next) { /* the others first */
            unqueue_peer(e, p);
            queue_peer(e, p);
        }
        return true;
    }
    return false;
}

bool put_back(gde_engine *e, const gde_event *event, packet *packet) {
    returned_event *returned = malloc(sizeof *returned);
    if (!returned) return false;
    *returned = (returned_event){*event, packet, NULL};
    if (e->returned)
        e->last_returned->next = returned;
    else
        e->returned = returned;
    e->last_returned = returned;
    return true;
}

void free_returned(gde_engine *e) {
    for (returned_event *each = e->returned, *next; each; each = next) {
        next = each->next;
        if (each->packet) packet_free(e, each->packet);
        free(each);
    }
    if (e->taken) packet_free(e, e->taken);
}
