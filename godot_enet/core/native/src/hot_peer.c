/* The C methods of a peer of compat: sending, and the packets that the program has not read. See hot.h. */
#include "hot.h"

static void peer_drop_packets(PeerObject *self) {
    while (self->first) {
        packet *next = self->first->next;
        gde_packet_free((gde_packet *)self->first);
        self->first = next;
    }
    self->last = NULL;
    self->count = 0;
    self->size = 0;
}

/* Have the host count the unread packets. A single packet is about to be read, and not worth a call. */
static void tell(PeerObject *self) {
    bool waits = self->count > 1;
    if (!self->host || (!waits && !self->told)) return;
    self->told = waits;
    gde_host_set_unread(((HostObject *)self->host)->host, self->peer, waits ? self->count : 0, waits ? self->size : 0);
}

static int peer_traverse(PeerObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->host);
    Py_VISIT(self->address);
    Py_VISIT(self->any_host);
    Py_VISIT(self->ended);
    Py_VISIT(self->packets);
    Py_VISIT(self->attributes);
    return 0;
}

static int peer_clear(PeerObject *self) {
    Py_CLEAR(self->host);
    Py_CLEAR(self->address);
    Py_CLEAR(self->any_host);
    Py_CLEAR(self->ended);
    Py_CLEAR(self->packets);
    Py_CLEAR(self->attributes);
    return 0;
}

static void peer_dealloc(PeerObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->weak_references) PyObject_ClearWeakRefs((PyObject *)self);
    peer_clear(self);
    peer_drop_packets(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *peer_send(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    PeerObject *self = (PeerObject *)given;
    long channel, flags;
    if (count == 3 && !keywords && self->host && PyBytes_CheckExact(args[1]) && hot_plain_int(args[0], &channel) &&
        hot_plain_int(args[2], &flags) && !(flags & ~11L) && channel < 256) {
        char *data;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(args[1], &data, &length) < 0) return NULL;
        int32_t outcome = gde_host_send(((HostObject *)self->host)->host, self->peer, (uint32_t)channel,
                                        (const uint8_t *)data, (uint64_t)length, (uint32_t)flags);
        if (outcome == GDE_OK) {
            Py_INCREF(hot.ok);
            return hot.ok;
        }
        /* The drop is counted already: do not try again. */
        if (outcome == GDE_ERR_QUEUE_FULL) return hot_call_base(given, hot.refuse_name, hot.peer, NULL, 0, NULL);
    }
    return hot_call_base(given, hot.send_name, hot.peer, args, count, keywords);
}

static void remove_first(PeerObject *self) {
    packet *taken = self->first;
    self->first = taken->next;
    if (!self->first) self->last = NULL;
    self->count--;
    self->size -= taken->length;
    self->removed++;
    hot_give_back(self->host, taken);
    tell(self);
}

static PyObject *peer_get_packet(PyObject *given, PyObject *unused) {
    (void)unused;
    PeerObject *self = (PeerObject *)given;
    if (self->failed && self->first && self->host) {
        /* This may run the program's code, so it comes before all checks. */
        self->failed = false;
        if (PyObject_SetAttr(given, hot.error_name, hot.ok) < 0) return NULL;
    }
    packet *taken = self->first;
    if (!taken || !self->host) {
        self->failed = true;
        return hot_call_base(given, hot.get_packet_name, hot.peer, NULL, 0, NULL);
    }
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)taken->data, (Py_ssize_t)taken->length);
    if (!bytes) return NULL;
    remove_first(self);
    return bytes;
}

/* As get_packet, but with the error beside the packet. */
static PyObject *peer_take_packet(PyObject *given, PyObject *unused) {
    (void)unused;
    PeerObject *self = (PeerObject *)given;
    packet *taken = self->first;
    if (!taken || !self->host) return hot_call_base(given, hot.take_packet_name, hot.peer, NULL, 0, NULL);
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)taken->data, (Py_ssize_t)taken->length);
    if (!bytes) return NULL;
    /* Before the tuple is made: that may start a garbage collection, and so the program's finalizers. */
    remove_first(self);
    PyObject *pair = PyTuple_Pack(2, hot.ok, bytes);
    Py_DECREF(bytes);
    return pair;
}

/* The packet stays in the queue until it is decoded: an exception from a signal handler must not lose it. Decoding
 * may run the program's code (a log handler), which may take the packet; then the next one is decoded. */
static PyObject *peer_get_var(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    PeerObject *self = (PeerObject *)given;
    Py_ssize_t given_count = count + (keywords ? PyTuple_Size(keywords) : 0);
    while (self->first && self->host && given_count <= 1) {
        uint16_t removed = self->removed;
        PyObject *bytes = PyBytes_FromStringAndSize((const char *)self->first->data, (Py_ssize_t)self->first->length);
        if (!bytes) return NULL;
        PyObject *arguments[] = {bytes, given_count ? args[0] : NULL};
        PyObject *value = hot_call_base(given, hot.decode_name, hot.peer, arguments, 1 + count, keywords);
        Py_DECREF(bytes);
        if (!value) return NULL;
        if (self->removed == removed && self->first) {
            remove_first(self);
            return value;
        }
        Py_DECREF(value);
    }
    return hot_call_base(given, hot.get_var_name, hot.peer, args, count, keywords);
}

static PyObject *peer_get_packet_flags(PyObject *given, PyObject *unused) {
    (void)unused;
    PeerObject *self = (PeerObject *)given;
    if (!self->first) return hot_call_base(given, hot.flags_name, hot.peer, NULL, 0, NULL);
    return PyLong_FromLong(self->first->flags);
}

static PyObject *peer_get_available_packet_count(PyObject *given, PyObject *unused) {
    (void)unused;
    PeerObject *self = (PeerObject *)given;
    if (!self->count) return hot_call_base(given, hot.count_name, hot.peer, NULL, 0, NULL);
    return PyLong_FromLong((long)self->count);
}

/* _native(host): the common case uses this host from now on; None: no longer. */
static PyObject *peer_native(PyObject *given, PyObject *host_object) {
    PeerObject *self = (PeerObject *)given;
    if (host_object != Py_None && !hot_is_host(host_object)) {
        PyErr_SetString(PyExc_TypeError, "a native host is needed");
        return NULL;
    }
    PyObject *before = self->host;
    self->host = host_object == Py_None ? NULL : host_object;
    Py_XINCREF(self->host);
    self->told = false; /* another host does not count them */
    tell(self);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

/* _address: it is made of `at` whenever it is asked for, unless Python has set another. */
static PyObject *peer_address(PyObject *given, void *closure) {
    (void)closure;
    PeerObject *self = (PeerObject *)given;
    if (!self->address) return hot_make_address(&self->at);
    Py_INCREF(self->address);
    return self->address;
}

static int peer_set_address(PyObject *given, PyObject *value, void *closure) {
    (void)closure;
    PeerObject *self = (PeerObject *)given;
    PyObject *before = self->address;
    Py_XINCREF(value);
    self->address = value;
    Py_XDECREF(before);
    return 0;
}

/* What ENetPacketPeer._attach makes. NULL with an exception. */
PyObject *hot_make_peer(PyObject *host, uint64_t peer, const gde_address *at, PyObject *ended) {
    PeerObject *made = (PeerObject *)hot.peer_alloc(hot.peer_class, 0);
    if (!made) return NULL;
    made->peer = peer;
    made->at = *at;
    made->host = python_new_reference(host);
    made->any_host = python_new_reference(host);
    made->ended = python_new_reference(ended);
    made->packets = python_new_reference(Py_None);
    return (PyObject *)made;
}

void hot_give_to(PeerObject *peer, packet *arrived) {
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

PyMethodDef hot_peer_methods[] = {
    {"send", (PyCFunction)(void (*)(void))peer_send, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"get_packet", peer_get_packet, METH_NOARGS, NULL},
    {"get_var", (PyCFunction)(void (*)(void))peer_get_var, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"get_packet_flags", peer_get_packet_flags, METH_NOARGS, NULL},
    {"get_available_packet_count", peer_get_available_packet_count, METH_NOARGS, NULL},
    {"_take_packet", peer_take_packet, METH_NOARGS, NULL},
    {"_native", peer_native, METH_O, NULL},
    {NULL, NULL, 0, NULL}};
/* Attributes of the Python methods, and what lets a program add its own. */
static PyMemberDef members[] = {
    {"_handle", T_ULONGLONG, offsetof(PeerObject, peer), 0, NULL},
    {"_host", T_OBJECT_EX, offsetof(PeerObject, any_host), 0, NULL},
    {"_ended", T_OBJECT_EX, offsetof(PeerObject, ended), 0, NULL},
    {"_packets", T_OBJECT_EX, offsetof(PeerObject, packets), 0, NULL},
    {"_is_numbered", T_BOOL, offsetof(PeerObject, is_numbered), 0, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(PeerObject, attributes), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(PeerObject, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};
static PyGetSetDef attributes[] = {{"_address", peer_address, peer_set_address, NULL, NULL},
                                   {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot peer_slots[] = {{Py_tp_dealloc, peer_dealloc},
                                   {Py_tp_traverse, peer_traverse},
                                   {Py_tp_clear, peer_clear},
                                   {Py_tp_methods, hot_peer_methods},
                                   {Py_tp_members, members},
                                   {Py_tp_getset, attributes},
                                   {0, NULL}};
/* Named like the public class, since a TypeError names the class that has the method. */
static PyType_Spec peer_spec = {"godot_enet.core.native.ENetPacketPeer", sizeof(PeerObject), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, peer_slots};

PyTypeObject *hot_make_peer_type(void) { return (PyTypeObject *)PyType_FromSpec(&peer_spec); }
