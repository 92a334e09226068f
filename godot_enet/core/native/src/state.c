/* The few operations on the state of a host that every mechanism needs (see state.py). */
#include "internal.h"

#include <stdlib.h>

void engine_drop(gde_engine *e, uint32_t cause, const gde_address *from) {
    e->drops[cause]++;
    gde_drop_report *report = &e->reports[cause];
    if (!report->times) e->report_order[e->report_count++] = cause;
    report->cause = cause;
    report->address = *from;
    report->times++;
}

void post(gde_engine *e, const uint8_t *data, uint32_t length, const gde_address *to, half_open *unpaid) {
    if (e->outbox_count == e->outbox_capacity) {
        uint32_t capacity = e->outbox_capacity ? e->outbox_capacity * 2 : 4;
        outgoing_datagram *grown = realloc(e->outbox, capacity * sizeof *grown);
        if (!grown) return; /* lost, as on the wire */
        e->outbox = grown;
        e->outbox_capacity = capacity;
    }
    bool pooled;
    uint8_t *copy = pool_take(e, length, &pooled);
    if (!copy) return;
    memcpy(copy, data, length);
    e->outbox[e->outbox_count++] = (outgoing_datagram){copy, length, *to, unpaid, pooled};
}

void queue_peer(gde_engine *e, peer *p) {
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

void backlog_add(gde_engine *e, peer *p) {
    if (p->waits) return;
    p->waits = true;
    p->late_next = NULL;
    p->late_prev = e->late_last;
    *(e->late_last ? &e->late_last->late_next : &e->late_first) = p;
    e->late_last = p;
    e->late_peers++;
}

void backlog_remove(gde_engine *e, peer *p) {
    if (!p->waits) return;
    *(p->late_prev ? &p->late_prev->late_next : &e->late_first) = p->late_next;
    *(p->late_next ? &p->late_next->late_prev : &e->late_last) = p->late_prev;
    p->waits = false;
    e->late_peers--;
    if (e->turns.current == p) e->turns.current = NULL;
}
