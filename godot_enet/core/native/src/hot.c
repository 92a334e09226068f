/* The calls a program makes per message, as C methods on CPython's stable ABI: send, service, get_packet.
 *
 * Nothing else of the package is written against CPython's C API, and nothing here decides anything: whatever is not
 * the plain good case goes to the Python method of the same name, which defines what the call does (the classes here
 * come before the Python ones in the method resolution order). The library works without these methods: the loader
 * only asks for them where objects are laid out as in python_abi.h.
 *
 * Lifetimes: a Handle owns the host; connections and peers hold a reference to their Handle, so the memory is there as
 * long as anybody can reach it, closed or not. */
#include "internal.h"
#include "platform.h"
#include "python_abi.h"

static struct {
    PyObject *ok;             /* Error.OK */
    PyObject *event_receive;  /* EventType.EVENT_RECEIVE */
    PyObject *none_result;    /* what service returns when nothing happened */
    PyTypeObject *result;     /* ServiceResult */
    allocfunc result_alloc;
    PyObject *send_name, *service_name, *get_packet_name, *flags_name, *count_name, *error_name, *speak_name, *take_name,
        *into_name, *timeout_name, *refuse_name;
    PyTypeObject *handle, *peer, *connection;
} state;

/* Handle */

typedef struct {
    PyObject_HEAD
    gde_host *host;
    packet *spare; /* taken and emptied, on their way back for reuse; guarded by the GIL */
    uint32_t spare_count;
} Handle;

enum { SPARE_LIMIT = 256 };

static void give_back(PyObject *handle, packet *emptied) {
    Handle *self = (Handle *)handle;
    if (!emptied->pooled || self->spare_count >= SPARE_LIMIT) {
        gde_packet_free((gde_packet *)emptied);
        return;
    }
    emptied->next = self->spare;
    self->spare = emptied;
    self->spare_count++;
}

static void handle_dealloc(Handle *self) {
    PyTypeObject *type = Py_TYPE(self);
    while (self->spare) {
        packet *next = self->spare->next;
        gde_packet_free((gde_packet *)self->spare);
        self->spare = next;
    }
    gde_host_free(self->host);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *handle_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    (void)keywords;
    PyObject *given_config, *given_bind;
    char *config, *bind = NULL;
    Py_ssize_t config_size, bind_size = 0;
    unsigned int flags;
    if (!PyArg_ParseTuple(args, "OOI", &given_config, &given_bind, &flags)) return NULL;
    if (PyBytes_AsStringAndSize(given_config, &config, &config_size) < 0) return NULL;
    if (given_bind != Py_None && PyBytes_AsStringAndSize(given_bind, &bind, &bind_size) < 0) return NULL;
    if (config_size != sizeof(gde_config) || (bind && bind_size != sizeof(gde_address))) {
        PyErr_SetString(PyExc_ValueError, "config or address of a wrong size");
        return NULL;
    }
    gde_config settings;
    gde_address at;
    memcpy(&settings, config, sizeof settings);
    if (bind) memcpy(&at, bind, sizeof at);
    int32_t error;
    gde_host *host = gde_host_create(&settings, bind ? &at : NULL, flags, &error);
    if (!host) {
        PyErr_Format(PyExc_OSError, "%d", (int)error);
        return NULL;
    }
    Handle *self = (Handle *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) {
        gde_host_free(host);
        return NULL;
    }
    self->host = host;
    return (PyObject *)self;
}

static PyObject *handle_pointer(PyObject *self, void *closure) {
    (void)closure;
    return PyLong_FromVoidPtr(((Handle *)self)->host);
}

/* peer_address(peer): a gde_address as bytes; None where the ordinary way must say what is wrong. */
static PyObject *handle_peer_address(PyObject *self, PyObject *peer) {
    gde_peer_info info;
    uint64_t handle = PyLong_AsUnsignedLongLong(peer);
    if (PyErr_Occurred()) return NULL;
    if (gde_host_peer_info(((Handle *)self)->host, handle, &info) != GDE_OK) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((const char *)&info.address, sizeof info.address);
}

static PyMethodDef handle_methods[] = {{"peer_address", handle_peer_address, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static PyGetSetDef handle_getset[] = {{"pointer", handle_pointer, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot handle_slots[] = {
    {Py_tp_dealloc, handle_dealloc}, {Py_tp_new, handle_new}, {Py_tp_getset, handle_getset},
    {Py_tp_methods, handle_methods}, {0, NULL}};
static PyType_Spec handle_spec = {"godot_enet.core.native.Handle", sizeof(Handle), 0, Py_TPFLAGS_DEFAULT, handle_slots};

/* Peer */

typedef struct {
    PyObject_HEAD
    PyObject *handle; /* NULL while there is no native host behind it */
    uint64_t peer;
    packet *first, *last;
    Py_ssize_t count;
    uint64_t size; /* bytes of these packets */
    bool told;     /* the host counts them */
    bool failed; /* the last get_packet gave an error */
} Peer;

static void peer_drop_packets(Peer *self) {
    while (self->first) {
        packet *next = self->first->next;
        gde_packet_free((gde_packet *)self->first);
        self->first = next;
    }
    self->last = NULL;
    self->count = 0;
    self->size = 0;
}

/* Have the host count what waits here. A lone packet is about to be taken, and not worth a call. */
static void tell(Peer *self) {
    bool waits = self->count > 1;
    if (!self->handle || (!waits && !self->told)) return;
    self->told = waits;
    gde_host_set_untaken(((Handle *)self->handle)->host, self->peer, waits ? (uint32_t)self->count : 0,
                         waits ? self->size : 0);
}

static int peer_traverse(Peer *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->handle);
    return 0;
}

static void peer_dealloc(Peer *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->handle);
    peer_drop_packets(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* super(base, self).name(*args, **keywords) */
static PyObject *call_base(PyObject *self, PyObject *name, PyTypeObject *base, PyObject *const *args, Py_ssize_t count,
                           PyObject *keyword_names) {
    PyObject *method = NULL, *packed = NULL, *keywords = NULL, *outcome = NULL;
    PyObject *proxy = PyObject_CallFunctionObjArgs((PyObject *)PySuper_Type, (PyObject *)base, self, NULL);
    if (!proxy || !(method = PyObject_GetAttr(proxy, name)) || !(packed = PyTuple_New(count))) goto done;
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_INCREF(args[i]);
        PyTuple_SetItem(packed, i, args[i]);
    }
    if (keyword_names) {
        if (!(keywords = PyDict_New())) goto done;
        for (Py_ssize_t i = 0; i < PyTuple_Size(keyword_names); i++)
            if (PyDict_SetItem(keywords, PyTuple_GetItem(keyword_names, i), args[count + i]) < 0) goto done;
    }
    outcome = PyObject_Call(method, packed, keywords);
done:
    Py_XDECREF(proxy);
    Py_XDECREF(method);
    Py_XDECREF(packed);
    Py_XDECREF(keywords);
    return outcome;
}

/* Small non-negative ints only; anything else is not the plain case. */
static bool plain_int(PyObject *object, long *value) {
    if (!PyLong_CheckExact(object)) return false;
    int overflow;
    *value = PyLong_AsLongAndOverflow(object, &overflow);
    return !overflow && *value >= 0;
}

static PyObject *peer_send(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    Peer *self = (Peer *)given;
    long channel, flags;
    if (count == 3 && !keywords && self->handle && PyBytes_CheckExact(args[1]) && plain_int(args[0], &channel) &&
        plain_int(args[2], &flags) && !(flags & ~11L) && channel < 256) {
        char *data;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(args[1], &data, &length) < 0) return NULL;
        int32_t outcome = gde_host_send(((Handle *)self->handle)->host, self->peer, (uint32_t)channel,
                                        (const uint8_t *)data, (uint64_t)length, (uint32_t)flags);
        if (outcome == GDE_OK) {
            Py_INCREF(state.ok);
            return state.ok;
        }
        /* It is counted already: not to be tried again. */
        if (outcome == GDE_ERR_QUEUE_FULL) return call_base(given, state.refuse_name, state.peer, NULL, 0, NULL);
    }
    return call_base(given, state.send_name, state.peer, args, count, keywords);
}

static void remove_first(Peer *self) {
    packet *taken = self->first;
    self->first = taken->next;
    if (!self->first) self->last = NULL;
    self->count--;
    self->size -= taken->length;
    give_back(self->handle, taken);
    tell(self);
}

static PyObject *peer_get_packet(PyObject *given, PyObject *unused) {
    (void)unused;
    Peer *self = (Peer *)given;
    if (self->failed && self->first && self->handle) {
        /* This may run the program's code, so it comes before anything is looked at. */
        self->failed = false;
        if (PyObject_SetAttr(given, state.error_name, state.ok) < 0) return NULL;
    }
    packet *taken = self->first;
    if (!taken || !self->handle) {
        self->failed = true;
        return call_base(given, state.get_packet_name, state.peer, NULL, 0, NULL);
    }
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)taken->data, (Py_ssize_t)taken->length);
    if (!bytes) return NULL;
    remove_first(self);
    return bytes;
}

/* As get_packet, but with the error beside the packet. */
static PyObject *peer_take_packet(PyObject *given, PyObject *unused) {
    (void)unused;
    Peer *self = (Peer *)given;
    packet *taken = self->first;
    if (!taken || !self->handle) return call_base(given, state.take_name, state.peer, NULL, 0, NULL);
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)taken->data, (Py_ssize_t)taken->length);
    if (!bytes) return NULL;
    /* Before the tuple is made: that may start a garbage collection, and so the program's finalizers. */
    remove_first(self);
    PyObject *pair = PyTuple_Pack(2, state.ok, bytes);
    Py_DECREF(bytes);
    return pair;
}

static PyObject *peer_get_packet_flags(PyObject *given, PyObject *unused) {
    (void)unused;
    Peer *self = (Peer *)given;
    if (!self->first) return call_base(given, state.flags_name, state.peer, NULL, 0, NULL);
    return PyLong_FromLong(self->first->flags);
}

static PyObject *peer_get_available_packet_count(PyObject *given, PyObject *unused) {
    (void)unused;
    Peer *self = (Peer *)given;
    if (!self->count) return call_base(given, state.count_name, state.peer, NULL, 0, NULL);
    return PyLong_FromSsize_t(self->count);
}

/* _native(handle, peer): from now on the plain case goes to this host; None: no more. */
static PyObject *peer_native(PyObject *given, PyObject *args) {
    Peer *self = (Peer *)given;
    PyObject *handle, *number;
    if (!PyArg_ParseTuple(args, "OO", &handle, &number)) return NULL;
    unsigned long long peer = PyLong_AsUnsignedLongLongMask(number);
    if (PyErr_Occurred()) return NULL;
    if (handle != Py_None && Py_TYPE(handle) != state.handle) {
        PyErr_SetString(PyExc_TypeError, "handle must be a native host's");
        return NULL;
    }
    PyObject *before = self->handle;
    self->handle = handle == Py_None ? NULL : handle;
    Py_XINCREF(self->handle);
    self->peer = peer;
    self->told = false; /* another host knows nothing of them */
    tell(self);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

static PyMethodDef peer_methods[] = {
    {"send", (PyCFunction)(void (*)(void))peer_send, METH_FASTCALL | METH_KEYWORDS,
     "send($self, channel, packet, flags)\n--\n\n"},
    {"get_packet", peer_get_packet, METH_NOARGS, "get_packet($self)\n--\n\n"},
    {"get_packet_flags", peer_get_packet_flags, METH_NOARGS, "get_packet_flags($self)\n--\n\n"},
    {"get_available_packet_count", peer_get_available_packet_count, METH_NOARGS,
     "get_available_packet_count($self)\n--\n\n"},
    {"_take_packet", peer_take_packet, METH_NOARGS, NULL},
    {"_native", peer_native, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};
static PyType_Slot peer_slots[] = {
    {Py_tp_dealloc, peer_dealloc}, {Py_tp_traverse, peer_traverse}, {Py_tp_methods, peer_methods}, {0, NULL}};
/* Named like the public class, since a TypeError names the class that has the method. */
static PyType_Spec peer_spec = {"godot_enet.core.native.ENetPacketPeer", sizeof(Peer), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, peer_slots};

/* Connection */

typedef struct {
    PyObject_HEAD
    PyObject *handle;
    PyObject *ended; /* the list of peers to be dropped before the next event */
    PyObject *undelivered; /* the list of results that service could not return: a signal handler raised */
    PyObject **peers; /* by slot, owned */
    uint32_t slots;
    PyObject *result; /* the last of service, to be filled anew once nobody else has it */
} Connection;

static void connection_forget(Connection *self) {
    PyObject **peers = self->peers;
    uint32_t slots = self->slots;
    self->peers = NULL;
    self->slots = 0;
    for (uint32_t i = 0; i < slots; i++) Py_XDECREF(peers[i]);
    PyMem_Free(peers);
    Py_CLEAR(self->handle);
    Py_CLEAR(self->ended);
    Py_CLEAR(self->undelivered);
    Py_CLEAR(self->result);
}

static int connection_traverse(Connection *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->handle);
    Py_VISIT(self->ended);
    Py_VISIT(self->undelivered);
    Py_VISIT(self->result);
    for (uint32_t i = 0; i < self->slots; i++) Py_VISIT(self->peers[i]);
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

static void set_item(PyObject *result, Py_ssize_t place, PyObject *item) {
    if (PyTuple_GetItem(result, place) == item) return;
    Py_INCREF(item);
    PyTuple_SetItem(result, place, item);
}

static PyObject *receive_result(Connection *self, PyObject *peer, uint32_t channel) {
    PyObject *number = PyLong_FromLong((long)channel), *result = self->result;
    if (!number) return NULL;
    /* While it is being filled it is nobody's but ours: dropping what was in it may run the program's code. */
    self->result = NULL;
    if (!result || Py_REFCNT(result) != 1) {
        Py_XDECREF(result);
        if (!(result = state.result_alloc(state.result, 4))) {
            Py_DECREF(number);
            return NULL;
        }
        set_item(result, 0, state.event_receive);
        PyTuple_SetItem(result, 2, PyLong_FromLong(0));
    }
    set_item(result, 1, peer);
    set_item(result, 3, number);
    Py_DECREF(number);
    PyObject *before = self->result;
    Py_INCREF(result);
    self->result = result;
    Py_XDECREF(before);
    return result;
}

/* The object that a peer's packets go to; NULL if there is none. Borrowed. */
static Peer *seated(const Connection *self, uint64_t handle) {
    uint32_t slot = handle & MAXIMUM_PEER_ID;
    Peer *peer = slot < self->slots ? (Peer *)self->peers[slot] : NULL;
    return peer && peer->peer == handle && peer->handle ? peer : NULL;
}


/* Takes the next event of the host, if there is one, and waits up to `timeout` ms for it. 1, 0, a negative error, or
 * INTERRUPTED with an exception, and then nothing was taken. */
enum { INTERRUPTED = -100 };

static int32_t next_event(gde_host *host, long timeout, packet *spare, gde_event *event, gde_packet **taken) {
    int32_t found = gde_host_next_event(host, event, taken, (gde_packet *)spare);
    for (int64_t until = timeout ? os_now() + timeout : 0, left = timeout; !found;) {
        /* A long wait is cut into pieces, so that Ctrl-C and other signals are heard in between. The event stays in the
         * host meanwhile: a signal handler may raise. */
        Py_BEGIN_ALLOW_THREADS
        found = gde_host_service(host, left < WAIT_PIECE ? left : WAIT_PIECE, NULL, NULL);
        Py_END_ALLOW_THREADS
        if (found < 0) break;
        left = timeout ? until - os_now() : 0;
        if ((found || left > 0) && PyErr_CheckSignals() < 0) return INTERRUPTED;
        if (found) found = gde_host_next_event(host, event, taken, NULL);
        if (left <= 0) break;
    }
    return found;
}

/* What service reports of an event that is no packet for a peer that we know. */
static PyObject *report(PyObject *given, const gde_event *event, PyObject *ended) {
    return PyObject_CallMethod(given, "_report_native", "iKIIIO", (int)event->type, (unsigned long long)event->peer,
                               (unsigned int)event->data, (unsigned int)event->reason, (unsigned int)event->command,
                               ended);
}

/* The peer that a packet is for, borrowed; NULL if it is gone, or with an exception. `listed` is what Python knows of
 * it, to be released: a peer that is not ours any more, if another thread has handed its host over to Python. */
static Peer *find_peer(Connection *self, const gde_event *event, PyObject *ended, PyObject **listed) {
    *listed = NULL;
    Peer *peer = self->ended == ended ? seated(self, event->peer) : NULL;
    if (peer) return peer;
    /* Gone; or its CONNECT was taken by another thread, which is about to seat it. */
    *listed = PyObject_CallMethod((PyObject *)self, "_await_peer", "KO", (unsigned long long)event->peer, ended);
    return *listed && self->ended == ended ? seated(self, event->peer) : NULL;
}

/* A packet that is for no peer of ours: an error, unless it is for one that was handed over. */
static PyObject *report_packet(Connection *self, PyObject *handle, const gde_event *event, PyObject *ended,
                               PyObject *listed) {
    if (listed == Py_None || self->handle == handle) return report((PyObject *)self, event, ended);
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)event->packet, (Py_ssize_t)event->length);
    if (!bytes) return NULL;
    PyObject *result = PyObject_CallMethod((PyObject *)self, "_receive_native", "OOII", listed, bytes,
                                           (unsigned int)event->flags, (unsigned int)event->channel);
    Py_DECREF(bytes);
    return result;
}

static void give_to(Peer *peer, packet *arrived) {
    arrived->next = NULL;
    if (peer->last)
        peer->last->next = arrived;
    else
        peer->first = arrived;
    peer->last = arrived;
    peer->count++;
    peer->size += arrived->length;
    tell(peer);
}

static bool is_plain(Connection *self) {
    return self->handle && PyList_Size(self->ended) == 0 && PyList_Size(self->undelivered) == 0;
}

static PyObject *connection_service(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    Connection *self = (Connection *)given;
    long timeout = 0;
    Py_ssize_t all = count + (keywords ? PyTuple_Size(keywords) : 0);
    if (all > 1 || (keywords && all == 1 && PyTuple_GetItem(keywords, 0) != state.timeout_name) ||
        (all && !plain_int(args[0], &timeout)) || timeout > 0x7FFFFFFF || !is_plain(self))
        return call_base(given, state.service_name, state.connection, args, count, keywords);
    /* The handle keeps the host's memory while another thread may drop the connection's. */
    PyObject *handle = self->handle, *undelivered = self->undelivered, *result = NULL, *listed = NULL;
    Py_INCREF(handle);
    Py_INCREF(undelivered);
    /* Of a connection that is destroyed and created again meanwhile the list is another one. */
    PyObject *ended = self->ended;
    Py_INCREF(ended);
    gde_host *host = ((Handle *)handle)->host;
    gde_event event;
    gde_packet *taken;
    packet *spare = ((Handle *)handle)->spare;
    ((Handle *)handle)->spare = NULL;
    ((Handle *)handle)->spare_count = 0;
    int32_t found = next_event(host, timeout, spare, &event, &taken);
    if (found == 0) {
        result = state.none_result;
        Py_INCREF(result);
        if (gde_host_has_drops(host)) {
            PyObject *spoken = PyObject_CallMethodObjArgs(given, state.speak_name, NULL);
            if (!spoken) Py_CLEAR(result);
            Py_XDECREF(spoken);
        }
    } else if (found < 0) {
        if (found != INTERRUPTED) {
            /* Closed: let the Python method say so, unless it would ask another host that a signal handler has made. */
            event = (gde_event){.type = (uint32_t)-1};
            result = self->handle && self->handle != handle
                         ? report(given, &event, ended)
                         : call_base(given, state.service_name, state.connection, args, all, NULL);
        }
    } else {
        Peer *peer = event.type == EVENT_RECEIVE ? find_peer(self, &event, ended, &listed) : NULL;
        if (peer) {
            give_to(peer, (packet *)taken);
            /* Making the result may start a garbage collection that drops this connection and its peers. */
            Py_INCREF(peer);
            result = receive_result(self, (PyObject *)peer, event.channel);
            Py_DECREF(peer);
        } else {
            if (!PyErr_Occurred())
                result = listed ? report_packet(self, handle, &event, ended, listed) : report(given, &event, ended);
            if (!result)
                gde_host_put_back(host, &event, &taken);
            else if (taken)
                gde_packet_free(taken);
        }
        /* A signal handler that raises once we have returned takes the result from the caller. Here it does not yet. */
        if (result && PyErr_CheckSignals() < 0) {
            PyList_Insert(undelivered, 0, result);
            Py_CLEAR(result);
        }
    }
    Py_DECREF(handle);
    Py_DECREF(undelivered);
    Py_DECREF(ended);
    Py_XDECREF(listed);
    return result;
}

/* _service_into(events): as service(), but the result is appended to a list, and a packet stands in it: (EVENT_RECEIVE,
 * peer, packet, channel, flags). */
static PyObject *connection_service_into(PyObject *given, PyObject *events) {
    Connection *self = (Connection *)given;
    if (!self->handle || PyList_Size(self->ended) > 0)
        return call_base(given, state.into_name, state.connection, &events, 1, NULL);
    PyObject *handle = self->handle, *ended = self->ended, *result = NULL, *listed = NULL;
    Py_INCREF(handle);
    Py_INCREF(ended);
    gde_host *host = ((Handle *)handle)->host;
    gde_event event = {0};
    gde_packet *taken = NULL;
    int32_t found = next_event(host, 0, NULL, &event, &taken);
    if (found == 0) {
        result = Py_None;
        Py_INCREF(result);
        if (gde_host_has_drops(host)) {
            Py_DECREF(result);
            result = PyObject_CallMethodObjArgs(given, state.speak_name, NULL);
        }
    } else if (found < 0) {
        if (found != INTERRUPTED) result = call_base(given, state.into_name, state.connection, &events, 1, NULL);
    } else {
        Peer *peer = event.type == EVENT_RECEIVE ? find_peer(self, &event, ended, &listed) : NULL;
        if (!peer && listed && listed != Py_None && self->handle != handle) {
            Py_INCREF(listed);
            peer = (Peer *)listed; /* handed over to Python meanwhile: the packet goes the same way */
        } else if (peer) {
            Py_INCREF(peer);
        }
        if (peer) {
            PyObject *bytes = PyBytes_FromStringAndSize((const char *)event.packet, (Py_ssize_t)event.length);
            PyObject *channel = PyLong_FromLong((long)event.channel), *flags = PyLong_FromLong((long)event.flags);
            if (bytes && channel && flags)
                result = PyTuple_Pack(5, state.event_receive, peer, bytes, channel, flags);
            Py_XDECREF(bytes);
            Py_XDECREF(channel);
            Py_XDECREF(flags);
            Py_DECREF(peer);
        } else if (!PyErr_Occurred()) {
            result = report(given, &event, ended);
        }
    }
    if (found > 0 && result && PyList_Append(events, result) < 0) Py_CLEAR(result);
    if (found > 0 && !result)
        gde_host_put_back(host, &event, &taken);
    else if (taken)
        gde_packet_free(taken);
    Py_DECREF(handle);
    Py_DECREF(ended);
    Py_XDECREF(listed);
    Py_XDECREF(result);
    if (!result) return NULL;
    Py_RETURN_NONE;
}

/* _native(handle, ended, undelivered, slots): from now on service asks this host; None: no more. */
static PyObject *connection_native(PyObject *given, PyObject *args) {
    Connection *self = (Connection *)given;
    PyObject *handle, *ended, *undelivered;
    unsigned int slots;
    if (!PyArg_ParseTuple(args, "OOOI", &handle, &ended, &undelivered, &slots)) return NULL;
    connection_forget(self);
    if (handle == Py_None) Py_RETURN_NONE;
    if (Py_TYPE(handle) != state.handle || !PyList_Check(ended) || !PyList_Check(undelivered) ||
        slots > MAXIMUM_PEER_ID) {
        PyErr_SetString(PyExc_TypeError, "a native host's handle, two lists and a number of slots are needed");
        return NULL;
    }
    if (!(self->peers = PyMem_Calloc(slots ? slots : 1, sizeof *self->peers))) return PyErr_NoMemory();
    self->slots = slots;
    Py_INCREF(handle);
    self->handle = handle;
    Py_INCREF(ended);
    self->ended = ended;
    Py_INCREF(undelivered);
    self->undelivered = undelivered;
    Py_RETURN_NONE;
}

/* _seat(slot, peer): the object that packets from this slot go to; None: none. */
static PyObject *connection_seat(PyObject *given, PyObject *args) {
    Connection *self = (Connection *)given;
    PyObject *peer;
    unsigned int slot;
    if (!PyArg_ParseTuple(args, "IO", &slot, &peer)) return NULL;
    if (peer != Py_None && !PyObject_TypeCheck(peer, state.peer)) {
        PyErr_SetString(PyExc_TypeError, "peer must be a peer");
        return NULL;
    }
    if (self->handle && peer != Py_None && slot >= self->slots && slot < MAXIMUM_PEER_ID) {
        /* A peer's number may be beyond the number of peers: see half_open.py. */
        uint32_t slots = slot + 1 > 2 * self->slots ? slot + 1 : 2 * self->slots;
        PyObject **grown = PyMem_Realloc(self->peers, slots * sizeof *grown);
        if (!grown) return PyErr_NoMemory();
        memset(grown + self->slots, 0, (slots - self->slots) * sizeof *grown);
        self->peers = grown;
        self->slots = slots;
    }
    if (slot < self->slots) {
        PyObject *before = self->peers[slot];
        self->peers[slot] = peer == Py_None ? NULL : peer;
        Py_XINCREF(self->peers[slot]);
        Py_XDECREF(before);
    }
    Py_RETURN_NONE;
}

static PyMethodDef connection_methods[] = {
    {"service", (PyCFunction)(void (*)(void))connection_service, METH_FASTCALL | METH_KEYWORDS,
     "service($self, timeout=0)\n--\n\n"},
    {"_service_into", connection_service_into, METH_O, NULL},
    {"_native", connection_native, METH_VARARGS, NULL},
    {"_seat", connection_seat, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};
static PyType_Slot connection_slots[] = {{Py_tp_dealloc, connection_dealloc},
                                         {Py_tp_traverse, connection_traverse},
                                         {Py_tp_clear, connection_clear},
                                         {Py_tp_methods, connection_methods},
                                         {0, NULL}};
static PyType_Spec connection_spec = {"godot_enet.core.native.ENetConnection", sizeof(Connection), 0,
                                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, connection_slots};

/* The doors, for ctypes.PyDLL. */

/* The names of the functions whose addresses gde_hot_types wants, in that order; NULL after the last. */
GDE_API const char *gde_hot_function(uint32_t number) {
    return number < sizeof python_names / sizeof *python_names ? python_names[number] : NULL;
}

/* Returns (Handle, HotPeer, HotConnection), or None where objects are not laid out as they are declared here. */
GDE_API PyObject *gde_hot_types(const void *const *functions, PyObject *builtins) {
    python_resolve(functions);
    if (!PyArg_ParseTuple(builtins, "OOOOOOOOOO", &Py_None, &PyType_Type, &PyLong_Type, &PyBytes_Type, &PyTuple_Type,
                          &PyList_Type, &PySuper_Type, &PyExc_TypeError, &PyExc_ValueError, &PyExc_OSError))
        return NULL;
    if (!python_layout_is_known()) Py_RETURN_NONE;
    if (!state.connection) {
        Py_INCREF(builtins);
        if (!(state.send_name = PyUnicode_InternFromString("send")) ||
            !(state.service_name = PyUnicode_InternFromString("service")) ||
            !(state.get_packet_name = PyUnicode_InternFromString("get_packet")) ||
            !(state.flags_name = PyUnicode_InternFromString("get_packet_flags")) ||
            !(state.count_name = PyUnicode_InternFromString("get_available_packet_count")) ||
            !(state.error_name = PyUnicode_InternFromString("_packet_error")) ||
            !(state.take_name = PyUnicode_InternFromString("_take_packet")) ||
            !(state.into_name = PyUnicode_InternFromString("_service_into")) ||
            !(state.timeout_name = PyUnicode_InternFromString("timeout")) ||
            !(state.refuse_name = PyUnicode_InternFromString("_refuse")) ||
            !(state.speak_name = PyUnicode_InternFromString("_speak")) ||
            !(state.handle = (PyTypeObject *)PyType_FromSpec(&handle_spec)) ||
            !(state.peer = (PyTypeObject *)PyType_FromSpec(&peer_spec)) ||
            !(state.connection = (PyTypeObject *)PyType_FromSpec(&connection_spec)))
            return NULL;
    }
    return PyTuple_Pack(3, state.handle, state.peer, state.connection);
}

/* What the methods hand out: Error.OK, EventType.EVENT_RECEIVE, ServiceResult, and its value for "nothing". */
GDE_API PyObject *gde_hot_results(PyObject *ok, PyObject *event_receive, PyObject *result, PyObject *none_result) {
    if (!PyType_Check(result) || !PyType_IsSubtype((PyTypeObject *)result, PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "result must be a subclass of tuple");
        return NULL;
    }
    Py_INCREF(ok);
    Py_INCREF(event_receive);
    Py_INCREF(result);
    Py_INCREF(none_result);
    state.ok = ok;
    state.event_receive = event_receive;
    state.result = (PyTypeObject *)result;
    state.none_result = none_result;
    state.result_alloc = (allocfunc)PyType_GetSlot(state.result, Py_tp_alloc);
    Py_RETURN_NONE;
}
