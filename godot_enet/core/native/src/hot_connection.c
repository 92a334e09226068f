/* The C methods of a connection of compat: service, over the events of a host. See hot.h. */
#include "hot.h"

/* The peers of one shard, by slot, owned. */
typedef struct {
    PyObject **peers;
    uint32_t slots;
} shard_peers;

typedef struct {
    PyObject_HEAD
    PyObject *host; /* a HostObject */
    PyObject *listed; /* the dict of all peers by handle */
    PyObject *ended; /* the list of peers to be dropped before the next event */
    PyObject *undelivered; /* the list of results that service could not return: a signal handler raised */
    shard_peers shards[MAXIMUM_SHARDS];
    PyObject *kept; /* the last result for a packet, of a peer that is in `shards` */
    PeerObject *kept_peer;
    uint32_t kept_channel;
} Connection;

enum {
    MAXIMUM_PLACES = 1 << PLACE_BITS,
    SLOTS = 1 << SLOT_BITS,
    FIRST_SLOTS = 16,
    TAKEN_AT_ONCE = 64,
    RECEIVE_NOTHING = -1
};

/* Replaces all of it before any of it is released: a finalizer may call this connection. */
static void connection_set(Connection *self, PyObject *host, PyObject *listed, PyObject *ended, PyObject *undelivered) {
    Connection before = *self;
    Py_XINCREF(host);
    Py_XINCREF(listed);
    Py_XINCREF(ended);
    Py_XINCREF(undelivered);
    self->host = host;
    self->listed = listed;
    self->ended = ended;
    self->undelivered = undelivered;
    memset(self->shards, 0, sizeof self->shards);
    self->kept = NULL;
    Py_XDECREF(before.kept);
    for (uint32_t i = 0; i < MAXIMUM_SHARDS; i++) {
        for (uint32_t slot = 0; slot < before.shards[i].slots; slot++) Py_XDECREF(before.shards[i].peers[slot]);
        PyMem_Free(before.shards[i].peers);
    }
    Py_XDECREF(before.host);
    Py_XDECREF(before.listed);
    Py_XDECREF(before.ended);
    Py_XDECREF(before.undelivered);
}

static void connection_forget(Connection *self) { connection_set(self, NULL, NULL, NULL, NULL); }

static int connection_traverse(Connection *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->host);
    Py_VISIT(self->listed);
    Py_VISIT(self->ended);
    Py_VISIT(self->undelivered);
    Py_VISIT(self->kept);
    for (uint32_t i = 0; i < MAXIMUM_SHARDS; i++)
        for (uint32_t slot = 0; slot < self->shards[i].slots; slot++) Py_VISIT(self->shards[i].peers[slot]);
    return 0;
}

static int connection_clear(Connection *self) {
    connection_forget(self);
    return 0;
}

static void connection_dealloc(Connection *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    connection_forget(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* The object that a peer's packets go to; NULL if there is none. Borrowed. */
static PeerObject *peer_for(const Connection *self, uint64_t handle) {
    const shard_peers *shard = &self->shards[handle >> SLOT_BITS & (MAXIMUM_SHARDS - 1)];
    uint32_t slot = handle & (SLOTS - 1);
    PeerObject *peer = slot < shard->slots ? (PeerObject *)shard->peers[slot] : NULL;
    return peer && peer->peer == handle && peer->host ? peer : NULL;
}

/* To make a tuple takes longer than all the rest of service(). So the last one is returned again if it says the same,
 * which nobody can tell; and if nobody else has it any more, it gets another peer. */
static PyObject *receive_result(Connection *self, PeerObject *peer, uint32_t channel) {
    PyObject *kept = self->kept_channel == channel ? self->kept : NULL;
    if (kept && self->kept_peer != peer && Py_REFCNT(kept) == 1 && !hot.tuple_has_hash) {
        Py_INCREF(peer);
        PyTuple_SetItem(kept, 1, (PyObject *)peer);
        self->kept_peer = peer;
    }
    if (kept && self->kept_peer == peer) {
        Py_INCREF(kept);
        return kept;
    }
    Py_INCREF(hot.event_receive);
    Py_INCREF(peer);
    PyObject *items[] = {hot.event_receive, (PyObject *)peer, PyLong_FromLong(0), PyLong_FromLong((long)channel)};
    PyObject *made = hot_make_tuple(hot.receive_result, 4, items);
    if (made && peer_for(self, peer->peer) == peer) { /* A garbage collection may have dropped it. */
        PyObject *before = self->kept;
        Py_INCREF(made);
        self->kept = made;
        self->kept_peer = peer;
        self->kept_channel = channel;
        Py_XDECREF(before);
    }
    return made;
}

/* Sets the object that packets from this place go to; NULL: none. False with an exception. */
static bool register_peer(Connection *self, uint32_t place, PyObject *peer) {
    if (place >= MAXIMUM_PLACES) return true;
    shard_peers *shard = &self->shards[place >> SLOT_BITS];
    uint32_t slot = place & (SLOTS - 1);
    if (self->host && peer && slot >= shard->slots) {
        uint32_t slots = shard->slots ? shard->slots : FIRST_SLOTS;
        while (slots <= slot) slots *= 2;
        PyObject **grown = PyMem_Realloc(shard->peers, slots * sizeof *grown);
        if (!grown) {
            PyErr_NoMemory();
            return false;
        }
        memset(grown + shard->slots, 0, (slots - shard->slots) * sizeof *grown);
        *shard = (shard_peers){grown, slots};
    }
    if (slot < shard->slots) {
        PyObject *before = shard->peers[slot];
        shard->peers[slot] = peer;
        Py_XINCREF(peer);
        Py_CLEAR(self->kept);
        Py_XDECREF(before);
    }
    return true;
}

/* A client has connected: what _report does then, for a peer that is not listed yet. NULL without an exception: Python
 * must do it. */
static PyObject *report_client(Connection *self, const gde_event *event, PyObject *ended) {
    gde_peer_info info;
    if (self->ended != ended || gde_host_peer_info(((HostObject *)self->host)->host, event->peer, &info) != GDE_OK)
        return NULL;
    PyObject *handle = PyLong_FromUnsignedLongLong(event->peer), *result = NULL;
    PyObject *peer = hot_make_peer(self->host, event->peer, &info.address, ended);
    /* A garbage collection may have destroyed this connection, or listed the peer. */
    if (handle && peer && self->ended == ended && !PyDict_GetItemWithError(self->listed, handle) && !PyErr_Occurred() &&
        PyDict_SetItem(self->listed, handle, peer) == 0 &&
        register_peer(self, event->peer & (MAXIMUM_PLACES - 1), peer)) {
        Py_INCREF(hot.event_connect);
        Py_INCREF(peer);
        PyObject *items[] = {hot.event_connect, peer, PyLong_FromUnsignedLongLong(event->data), PyLong_FromLong(0)};
        result = hot_make_tuple(hot.connect_result, 4, items);
    }
    Py_XDECREF(handle);
    Py_XDECREF(peer);
    return result;
}

/* What service reports of an event that is no packet for a peer that we know. */
static PyObject *report(Connection *self, const gde_event *event, PyObject *ended) {
    PyObject *result = event->type == EVENT_CONNECT ? report_client(self, event, ended) : NULL;
    if (result || PyErr_Occurred()) return result;
    return PyObject_CallMethod((PyObject *)self, "_report_native", "iKIIIO", (int)event->type,
                               (unsigned long long)event->peer, (unsigned int)event->data, (unsigned int)event->reason,
                               (unsigned int)event->command, ended);
}

/* The peer that a packet is for, borrowed; NULL if it is gone, or with an exception. `listed` is what Python knows of
 * it, to be released: a peer that is not ours any more, if another thread has handed its host over to Python. */
static PeerObject *find_peer(Connection *self, const gde_event *event, PyObject *ended, PyObject **listed) {
    *listed = NULL;
    PeerObject *peer = self->ended == ended ? peer_for(self, event->peer) : NULL;
    if (peer) return peer;
    /* Gone; or its CONNECT was taken by another thread, which is about to register it. */
    *listed = PyObject_CallMethod((PyObject *)self, "_await_peer", "KO", (unsigned long long)event->peer, ended);
    return *listed && self->ended == ended ? peer_for(self, event->peer) : NULL;
}

/* A packet that is for no peer of ours: an error, unless it is for one that was handed over. */
static PyObject *report_packet(Connection *self, PyObject *host_object, const gde_event *event, PyObject *ended,
                               PyObject *listed) {
    if (listed == Py_None || self->host == host_object) return report(self, event, ended);
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)event->packet, (Py_ssize_t)event->length);
    if (!bytes) return NULL;
    PyObject *result = PyObject_CallMethod((PyObject *)self, "_receive_native", "OOII", listed, bytes,
                                           (unsigned int)event->flags, (unsigned int)event->channel);
    Py_DECREF(bytes);
    return result;
}

static inline bool is_plain(const Connection *self) {
    return self->host && PyList_Size(self->ended) == 0 && PyList_Size(self->undelivered) == 0 &&
           !hot_has_left((HostObject *)self->host);
}

/* A signal handler that raises once we have returned takes the result from the caller. Here it does not yet. */
static PyObject *unless_interrupted(PyObject *undelivered, PyObject *result) {
    if (result && PyErr_CheckSignals() < 0) {
        PyList_Insert(undelivered, 0, result);
        Py_CLEAR(result);
    }
    return result;
}

/* A packet for a peer of ours. */
static PyObject *receive(Connection *self, PeerObject *peer, const gde_event *event, gde_packet *taken) {
    PyObject *undelivered = self->undelivered;
    Py_INCREF(undelivered);
    hot_give_to(peer, (packet *)taken);
    /* Making the result may start a garbage collection that drops this connection and its peers. */
    Py_INCREF(peer);
    PyObject *result = receive_result(self, peer, event->channel);
    Py_DECREF(peer);
    result = unless_interrupted(undelivered, result);
    Py_DECREF(undelivered);
    return result;
}

/* service() where no packet is there: what is `found` of the host at once, or after a wait. RECEIVE_NOTHING is a
 * timeout. */
static PyObject *service_host(Connection *self, PyObject *const *args, Py_ssize_t count, long timeout, int32_t found,
                              gde_event *event, gde_packet *taken) {
    PyObject *given = (PyObject *)self;
    /* The reference keeps the host's memory while another thread may drop the connection's. */
    PyObject *host_object = self->host, *undelivered = self->undelivered, *result = NULL, *listed = NULL;
    Py_INCREF(host_object);
    Py_INCREF(undelivered);
    /* Of a connection that is destroyed and created again meanwhile the list is another one. */
    PyObject *ended = self->ended;
    Py_INCREF(ended);
    gde_host *host = ((HostObject *)host_object)->host;
    if (found == 0) found = hot_wait_for_event(host, timeout, event, &taken);
    if (found == 0) {
        result = hot.none_result;
        Py_INCREF(result);
        if (gde_host_has_drops(host)) {
            PyObject *spoken = PyObject_CallMethodObjArgs(host_object, hot.log_drops_name, NULL);
            if (!spoken) Py_CLEAR(result);
            Py_XDECREF(spoken);
        }
    } else if (found < 0) {
        if (found != INTERRUPTED) {
            /* Closed: let the Python method say so, unless it would ask another host that a signal handler has made. */
            *event = (gde_event){.type = (uint32_t)-1};
            result = self->host && self->host != host_object
                         ? report(self, event, ended)
                         : hot_call_base(given, hot.service_name, hot.connection, args, count, NULL);
        }
    } else {
        PeerObject *peer = event->type == EVENT_RECEIVE ? find_peer(self, event, ended, &listed) : NULL;
        if (peer) {
            result = receive(self, peer, event, taken);
        } else {
            if (!PyErr_Occurred())
                result = listed ? report_packet(self, host_object, event, ended, listed) : report(self, event, ended);
            if (!result)
                hot_put_back((HostObject *)host_object, event, &taken);
            else if (taken)
                gde_packet_free(taken);
            result = unless_interrupted(undelivered, result);
        }
    }
    Py_DECREF(host_object);
    Py_DECREF(undelivered);
    Py_DECREF(ended);
    Py_XDECREF(listed);
    return result;
}

static PyObject *service(Connection *self, PyObject *const *args, Py_ssize_t count, long timeout) {
    HostObject *host = (HostObject *)self->host;
    gde_event event;
    gde_packet *taken;
    int32_t found = gde_host_next_event(host->host, &event, &taken, (gde_packet *)hot_take_spare(host));
    PeerObject *peer = found > 0 && event.type == EVENT_RECEIVE ? peer_for(self, event.peer) : NULL;
    if (peer) return receive(self, peer, &event, taken);
    return service_host(self, args, count, timeout, found, &event, taken);
}

static PyObject *connection_service(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    Connection *self = (Connection *)given;
    long timeout;
    if (!is_plain(self) || !hot_service_timeout(args, count, keywords, &timeout))
        return hot_call_base(given, hot.service_name, hot.connection, args, count, keywords);
    return service(self, args, count + (keywords ? PyTuple_Size(keywords) : 0), timeout);
}

/* _service_rest(): service() without receiving. */
static PyObject *connection_service_rest(PyObject *given, PyObject *unused) {
    (void)unused;
    Connection *self = (Connection *)given;
    if (!is_plain(self)) return hot_call_base(given, hot.service_name, hot.connection, NULL, 0, NULL);
    return service(self, NULL, 0, RECEIVE_NOTHING);
}

/* _service_into(events): as service(), but the result is appended to a list, and a packet stands in it: (EVENT_RECEIVE,
 * peer, packet, channel, flags). */
static PyObject *connection_service_into(PyObject *given, PyObject *events) {
    Connection *self = (Connection *)given;
    if (!self->host || PyList_Size(self->ended) > 0 || hot_has_left((HostObject *)self->host))
        return hot_call_base(given, hot.take_event_name, hot.connection, &events, 1, NULL);
    PyObject *host_object = self->host, *ended = self->ended, *result = NULL, *listed = NULL;
    Py_INCREF(host_object);
    Py_INCREF(ended);
    gde_host *host = ((HostObject *)host_object)->host;
    gde_event event = {0};
    gde_packet *taken = NULL;
    int32_t found = hot_next_event(host, 0, NULL, &event, &taken);
    if (found == 0) {
        result = Py_None;
        Py_INCREF(result);
        if (gde_host_has_drops(host)) {
            Py_DECREF(result);
            result = PyObject_CallMethodObjArgs(host_object, hot.log_drops_name, NULL);
        }
    } else if (found < 0) {
        if (found != INTERRUPTED) result = hot_call_base(given, hot.take_event_name, hot.connection, &events, 1, NULL);
    } else {
        PeerObject *peer = event.type == EVENT_RECEIVE ? find_peer(self, &event, ended, &listed) : NULL;
        if (!peer && listed && listed != Py_None && self->host != host_object) {
            Py_INCREF(listed);
            peer = (PeerObject *)listed; /* handed over to Python meanwhile: the packet goes the same way */
        } else if (peer) {
            Py_INCREF(peer);
        }
        if (peer) {
            PyObject *bytes = PyBytes_FromStringAndSize((const char *)event.packet, (Py_ssize_t)event.length);
            PyObject *channel = PyLong_FromLong((long)event.channel), *flags = PyLong_FromLong((long)event.flags);
            if (bytes && channel && flags) result = PyTuple_Pack(5, hot.event_receive, peer, bytes, channel, flags);
            Py_XDECREF(bytes);
            Py_XDECREF(channel);
            Py_XDECREF(flags);
            Py_DECREF(peer);
        } else if (!PyErr_Occurred()) {
            result = report(self, &event, ended);
        }
    }
    if (found > 0 && result && PyList_Append(events, result) < 0) Py_CLEAR(result);
    if (found > 0 && !result)
        hot_put_back((HostObject *)host_object, &event, &taken);
    else if (taken)
        gde_packet_free(taken);
    Py_DECREF(host_object);
    Py_DECREF(ended);
    Py_XDECREF(listed);
    Py_XDECREF(result);
    if (!result) return NULL;
    Py_RETURN_NONE;
}

/* (peer, channel, flags, packet) is appended to `packets`. */
static bool append_packet(PyObject *packets, PeerObject *peer, const gde_event *event) {
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)event->packet, (Py_ssize_t)event->length);
    PyObject *channel = PyLong_FromLong((long)event->channel), *flags = PyLong_FromLong((long)event->flags);
    PyObject *made = bytes && channel && flags ? PyTuple_Pack(4, peer, channel, flags, bytes) : NULL;
    Py_XDECREF(bytes);
    Py_XDECREF(channel);
    Py_XDECREF(flags);
    bool appended = made && PyList_Append(packets, made) == 0;
    Py_XDECREF(made);
    return appended;
}

/* Appends packets to a list until there is another event, which goes back to the host, or nothing more. Returns what was
 * found last, or INTERRUPTED with an exception. */
static int32_t take_packets(Connection *self, HostObject *host, PyObject *ended, PyObject *packets, long limit) {
    gde_event events[TAKEN_AT_ONCE];
    gde_packet *taken[TAKEN_AT_ONCE];
    for (long count = 0; count < limit;) {
        int32_t capacity = limit - count < TAKEN_AT_ONCE ? (int32_t)(limit - count) : TAKEN_AT_ONCE, done = 0;
        int32_t found = gde_host_next_events(host->host, events, taken, capacity, (gde_packet *)hot_take_spare(host));
        if (!found) found = hot_wait_for_event(host->host, 0, events, taken);
        if (found <= 0) return found;
        for (; done < found && events[done].type == EVENT_RECEIVE; done++) {
            PeerObject *peer = self->ended == ended ? peer_for(self, events[done].peer) : NULL;
            if (!peer) break;
            Py_INCREF(peer); /* a garbage collection may drop this connection and its peers */
            bool appended = append_packet(packets, peer, &events[done]);
            Py_DECREF(peer);
            if (!appended) break;
            hot_give_back((PyObject *)host, (packet *)taken[done]);
        }
        if (done < found) {
            for (int32_t i = done; i < found; i++) hot_put_back(host, &events[i], &taken[i]);
            return PyErr_Occurred() ? INTERRUPTED : events[done].type == EVENT_RECEIVE ? GDE_ERR_UNKNOWN_PEER : 1;
        }
        count += found;
    }
    return 1;
}

static PyObject *connection_receive_all(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    Connection *self = (Connection *)given;
    long limit = RECEIVE_ALL_LIMIT;
    if (!is_plain(self) || keywords || count > 1 || (count && (!hot_plain_int(args[0], &limit) || !limit)))
        return hot_call_base(given, hot.receive_all_name, hot.connection, args, count, keywords);
    PyObject *host_object = self->host, *ended = self->ended, *packets = PyList_New(0);
    if (!packets) return NULL;
    Py_INCREF(host_object);
    Py_INCREF(ended);
    int32_t found = take_packets(self, (HostObject *)host_object, ended, packets, limit);
    if (found == 0 && gde_host_has_drops(((HostObject *)host_object)->host)) {
        PyObject *logged = PyObject_CallMethodObjArgs(host_object, hot.log_drops_name, NULL);
        if (!logged) found = INTERRUPTED;
        Py_XDECREF(logged);
    }
    /* A signal handler that raises once we have returned takes the list from the caller. Here it does not yet. */
    if (found == INTERRUPTED || PyErr_CheckSignals() < 0) {
        hot_leave_packets((HostObject *)host_object, packets);
        Py_CLEAR(packets);
    } else if (found < 0 && PyList_Size(packets) == 0) {
        /* Closed, or a packet of a peer that is not known yet. */
        Py_CLEAR(packets);
        packets = hot_call_base(given, hot.receive_all_name, hot.connection, args, count, NULL);
    }
    Py_DECREF(host_object);
    Py_DECREF(ended);
    return packets;
}

/* _native(host, listed, ended, undelivered): from now on service asks this host; None: no more. */
static PyObject *connection_native(PyObject *given, PyObject *args) {
    Connection *self = (Connection *)given;
    PyObject *host_object, *listed, *ended, *undelivered;
    if (!PyArg_ParseTuple(args, "OOOO", &host_object, &listed, &ended, &undelivered)) return NULL;
    if (host_object == Py_None) {
        connection_forget(self);
        Py_RETURN_NONE;
    }
    if (!hot_is_host(host_object) || !PyDict_Check(listed) || !PyList_Check(ended) || !PyList_Check(undelivered)) {
        PyErr_SetString(PyExc_TypeError, "a native host, a dict and two lists are needed");
        return NULL;
    }
    connection_set(self, host_object, listed, ended, undelivered);
    Py_RETURN_NONE;
}

/* _register_peer(place, peer): the object that packets from this place go to; None: none. */
static PyObject *connection_register_peer(PyObject *given, PyObject *args) {
    PyObject *peer;
    unsigned int place;
    if (!PyArg_ParseTuple(args, "IO", &place, &peer)) return NULL;
    if (peer != Py_None && !PyObject_TypeCheck(peer, hot.peer)) {
        PyErr_SetString(PyExc_TypeError, "peer must be a peer");
        return NULL;
    }
    if (!register_peer((Connection *)given, place, peer == Py_None ? NULL : peer)) return NULL;
    Py_RETURN_NONE;
}

PyMethodDef hot_connection_methods[] = {
    {"service", (PyCFunction)(void (*)(void))connection_service, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"_service_rest", connection_service_rest, METH_NOARGS, NULL},
    {"receive_all", (PyCFunction)(void (*)(void))connection_receive_all, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"_service_into", connection_service_into, METH_O, NULL},
    {"_native", connection_native, METH_VARARGS, NULL},
    {"_register_peer", connection_register_peer, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};
static PyType_Slot connection_slots[] = {{Py_tp_dealloc, connection_dealloc},
                                         {Py_tp_traverse, connection_traverse},
                                         {Py_tp_clear, connection_clear},
                                         {Py_tp_methods, hot_connection_methods},
                                         {0, NULL}};
static PyType_Spec connection_spec = {"godot_enet.core.native.ENetConnection", sizeof(Connection), 0,
                                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, connection_slots};

PyTypeObject *hot_make_connection_type(void) { return (PyTypeObject *)PyType_FromSpec(&connection_spec); }
