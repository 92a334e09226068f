/* From packets to queued commands (see outgoing.py, which this follows function by function). */
#include "atomics.h"
#include "internal.h"

/* `first`: the command with its flags. `size`: of the command without data. */
static void set_head(command *c, uint32_t first, uint32_t id, uint32_t sequence, uint32_t size) {
    build_head(c->wire, &(head_fields){(uint8_t)first, (uint8_t)id, (uint16_t)sequence});
    c->head_size = (uint8_t)size;
}

static void queue_command(gde_engine *e, peer *p, list_node *queue, command *c) {
    check_sends(p->state, c->number);
    list_append(queue, &c->node);
    p->queued_count++;
    p->outgoing_data_total += c->head_size + c->length;
    if (c->has_packet) {
        p->queued_data += command_queued_size(c);
        e->queued_data += command_queued_size(c);
    }
    slots_add(&e->dirty, p->slot);
}

static void take_body(command *c, body *b, uint32_t offset, uint32_t length) {
    ATOMIC_ADD(&b->references, 1);
    c->body = b;
    c->offset = offset;
    c->length = length;
    c->has_packet = true;
}

/* The data of a packet without fragments: shared by the peers of a broadcast, else behind the header. */
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
    /* All of them or none, so that running out of memory queues no partial packet. */
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
        set_head(one, unreliable ? COMMAND_SEND_UNRELIABLE_FRAGMENT : COMMAND_SEND_FRAGMENT | COMMAND_FLAG_ACKNOWLEDGE,
                 id, sequence, SEND_FRAGMENT_SIZE);
        build_send_fragment(one->wire, &(send_fragment_fields){.start_sequence = start,
                                                               .length = (uint16_t)piece_length,
                                                               .fragment_count = (uint32_t)count,
                                                               .fragment_number = number,
                                                               .total_length = (uint32_t)length,
                                                               .fragment_offset = offset});
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
    if (!can_queue(e, p, length)) return GDE_ERR_QUEUE_FULL;
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
        set_head(one, COMMAND_SEND_UNSEQUENCED | COMMAND_FLAG_UNSEQUENCED, id, 0, SEND_UNSEQUENCED_SIZE);
        build_send_unsequenced(one->wire, &(send_unsequenced_fields){p->outgoing_unsequenced_group, (uint16_t)size});
        take_data(one, b, data, size);
        queue_command(e, p, &p->unreliable, one);
    } else if (flags & PACKET_RELIABLE || c->outgoing_unreliable >= 0xFFFF) {
        uint16_t number = (uint16_t)(c->outgoing_reliable + 1);
        if (!(one = command_create(e, COMMAND_SEND_RELIABLE, true, c, id << 16 | number, SEND_RELIABLE_SIZE + behind)))
            return GDE_ERR_MEMORY;
        c->outgoing_reliable = number;
        c->outgoing_unreliable = 0;
        set_head(one, COMMAND_SEND_RELIABLE | COMMAND_FLAG_ACKNOWLEDGE, id, number, SEND_RELIABLE_SIZE);
        build_send_reliable(one->wire, &(send_reliable_fields){(uint16_t)size});
        take_data(one, b, data, size);
        queue_command(e, p, &p->reliable, one);
    } else {
        uint32_t number = c->outgoing_unreliable + 1, key = (uint32_t)c->outgoing_reliable << 16 | number;
        if (!(one = command_create(e, COMMAND_SEND_UNRELIABLE, false, NULL, key, SEND_UNRELIABLE_SIZE + behind)))
            return GDE_ERR_MEMORY;
        c->outgoing_unreliable = number;
        set_head(one, COMMAND_SEND_UNRELIABLE, id, c->outgoing_reliable, SEND_UNRELIABLE_SIZE);
        build_send_unreliable(one->wire, &(send_unreliable_fields){(uint16_t)number, (uint16_t)size});
        take_data(one, b, data, size);
        queue_command(e, p, &p->unreliable, one);
    }
    return GDE_OK;
}

int32_t queue_broadcast(gde_engine *e, uint32_t id, const uint8_t *data, uint64_t length, uint32_t flags,
                        body **shared) {
    int32_t result = GDE_OK;
    for (uint32_t i = 0; i < e->fresh; i++) {
        peer *p = e->slots[i];
        if (p && p->state == STATE_CONNECTED && queue_packet(e, p, id, data, length, flags, shared) == GDE_ERR_MEMORY)
            result = GDE_ERR_MEMORY;
    }
    return result;
}

bool queue_control(gde_engine *e, peer *p, uint8_t number, const uint8_t *wire, uint32_t size) {
    uint16_t sequence = (uint16_t)(p->outgoing_reliable_sequence + 1);
    command *c = command_create(e, number, true, NULL, (uint32_t)CONTROL_CHANNEL << 16 | sequence, size);
    if (!c) return false;
    p->outgoing_reliable_sequence = sequence;
    memcpy(c->wire, wire, size);
    set_head(c, number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, sequence, size);
    queue_command(e, p, &p->control, c);
    return true;
}

bool queue_ping(gde_engine *e, peer *p) {
    static const uint8_t wire[PING_SIZE];
    return queue_control(e, p, COMMAND_PING, wire, sizeof wire);
}

bool queue_disconnect_now(gde_engine *e, peer *p, uint32_t data) {
    uint16_t sequence = (uint16_t)(p->outgoing_reliable_sequence + 1);
    command *c = command_create(e, COMMAND_DISCONNECT, false, NULL, (uint32_t)sequence << 16, DISCONNECT_SIZE);
    if (!c) return false;
    p->outgoing_reliable_sequence = sequence;
    set_head(c, COMMAND_DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, sequence, DISCONNECT_SIZE);
    build_disconnect(c->wire, &(disconnect_fields){data});
    queue_command(e, p, &p->control, c);
    return true;
}
