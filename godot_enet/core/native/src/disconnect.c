/* The four ways to end a connection from this side (see disconnect.py). */
#include "internal.h"

static void disconnect_now(gde_engine *e, peer *p, uint32_t data, int64_t now) {
    reset_queues(e, p);
    queue_disconnect_now(e, p, data);
    transmit_to_outbox(e, now);
}

void disconnect_peer(gde_engine *e, peer *p, uint32_t data, uint32_t mode, int64_t now) {
    uint8_t state = p->state;
    if (mode == MODE_RESET) {
        peer_release(e, p);
    } else if (mode == MODE_NOW) {
        if (state != STATE_ZOMBIE && state != STATE_DISCONNECTING) disconnect_now(e, p, data, now);
        peer_release(e, p);
    } else if (mode == MODE_LATER && in_session(p) && has_outgoing(p)) {
        if (state != STATE_DISCONNECT_LATER) change_state(e, p, STATE_DISCONNECT_LATER);
        p->event_data = data;
        forget_undelivered(e, p);
    } else if (in_session(p)) {
        begin_disconnect(e, p, data);
    } else if (state == STATE_CONNECTING || state == STATE_ACKNOWLEDGING_CONNECT) {
        disconnect_now(e, p, data, now);
        peer_release(e, p);
    }
}
