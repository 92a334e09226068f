/* The C methods of a host of the core: sending, and its events. See hot.h. */
#include "hot.h"

#include "platform.h"

enum { SPARE_LIMIT = 256 };

/* Packets */

packet *hot_take_spare(HostObject *self) {
    packet *spare = self->spare;
    self->spare = NULL;
    self->spare_count = 0;
    return spare;
}

void hot_give_back(PyObject *host, packet *emptied) {
    HostObject *self = (HostObject *)host;
    if (!self || !emptied->pooled || self->spare_count >= SPARE_LIMIT) {
        gde_packet_free((gde_packet *)emptied);
        return;
    }
    emptied->next = self->spare;
    self->spare = emptied;
    self->spare_count++;
}

/* Creation and destruction */

static void host_dealloc(HostObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    while (self->spare) {
        packet *next = self->spare->next;
        gde_packet_free((gde_packet *)self->spare);
        self->spare = next;
    }
    gde_host_free(self->host);
    Py_CLEAR(self->left);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

bool hot_is_host(PyObject *object) { return PyObject_TypeCheck(object, hot.host) && ((HostObject *)object)->host; }

/* _create(config, bind, flags): a gde_config, a gde_address or None, and HostFlag; returns the gde_host as a number.
 * An OSError has only the system's number. */
static PyObject *host_create(PyObject *given, PyObject *args) {
    HostObject *self = (HostObject *)given;
    PyObject *given_config, *given_bind;
    char *config, *bind = NULL;
    Py_ssize_t config_size, bind_size = 0;
    unsigned int flags;
    if (!PyArg_ParseTuple(args, "OOI", &given_config, &given_bind, &flags)) return NULL;
    if (PyBytes_AsStringAndSize(given_config, &config, &config_size) < 0) return NULL;
    if (given_bind != Py_None && PyBytes_AsStringAndSize(given_bind, &bind, &bind_size) < 0) return NULL;
    if (self->host || config_size != sizeof(gde_config) || (bind && bind_size != sizeof(gde_address))) {
        PyErr_SetString(PyExc_ValueError, "config or address of a wrong size, or created already");
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
    self->host = host;
    return PyLong_FromVoidPtr(host);
}

/* left: the list of events that an interrupted call has taken; the next one returns them. */
static PyObject *host_left(PyObject *given, void *closure) {
    (void)closure;
    HostObject *self = (HostObject *)given;
    if (!self->left && !(self->left = PyList_New(0))) return NULL;
    Py_INCREF(self->left);
    return self->left;
}

static int host_set_left(PyObject *given, PyObject *value, void *closure) {
    (void)closure;
    HostObject *self = (HostObject *)given;
    if (!value || !PyList_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "left must be a list");
        return -1;
    }
    PyObject *before = self->left;
    Py_INCREF(value);
    self->left = value;
    Py_XDECREF(before);
    return 0;
}

/* Sending */

static PyObject *host_send(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    HostObject *self = (HostObject *)given;
    long channel, flags;
    if (count == 4 && !keywords && self->host && PyLong_CheckExact(args[0]) && hot_plain_int(args[1], &channel) &&
        PyBytes_CheckExact(args[2]) && hot_plain_int(args[3], &flags) && channel < 256) {
        char *data;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(args[2], &data, &length) < 0) return NULL;
        uint64_t peer = PyLong_AsUnsignedLongLongMask(args[0]);
        int32_t outcome = gde_host_send(self->host, peer, (uint32_t)channel, (const uint8_t *)data, (uint64_t)length,
                                        (uint32_t)flags);
        if (outcome == GDE_OK) Py_RETURN_NONE;
        /* The drop is counted already: do not try again. */
        if (outcome == GDE_ERR_QUEUE_FULL) return PyObject_CallMethod(given, "_settle", "is", (int)outcome, "send");
    }
    return hot_call_base(given, hot.send_name, hot.host, args, count, keywords);
}

static PyObject *host_flush(PyObject *given, PyObject *unused) {
    (void)unused;
    gde_host *host = ((HostObject *)given)->host;
    if (!host) return hot_call_base(given, hot.flush_name, hot.host, NULL, 0, NULL);
    int32_t result;
    Py_BEGIN_ALLOW_THREADS
    result = gde_host_flush(host);
    Py_END_ALLOW_THREADS
    /* It may have a successor. */
    if (result == GDE_ERR_CLOSED) return hot_call_base(given, hot.flush_name, hot.host, NULL, 0, NULL);
    Py_RETURN_NONE;
}

/* Events */

/* Takes the next event of the host, if there is one, and waits up to `timeout` ms for it. 1, 0, a negative error, or
 * INTERRUPTED with an exception, and then nothing was taken. */
int32_t hot_next_event(gde_host *host, long timeout, packet *spare, gde_event *event, gde_packet **taken) {
    int32_t found = gde_host_next_event(host, event, taken, (gde_packet *)spare);
    return found ? found : hot_wait_for_event(host, timeout, event, taken);
}

int32_t hot_wait_for_event(gde_host *host, long timeout, gde_event *event, gde_packet **taken) {
    int32_t found = 0;
    for (int64_t until = timeout ? os_now() + timeout : 0, left = timeout; !found;) {
        /* A long wait is cut into pieces, so that Ctrl-C and other signals are handled in between. The event stays in the
         * host meanwhile: a signal handler may raise. */
        Py_BEGIN_ALLOW_THREADS
        found = gde_host_service(host, left < SIGNAL_POLL_MS ? left : SIGNAL_POLL_MS, NULL, NULL);
        Py_END_ALLOW_THREADS
        if (found < 0) break;
        left = timeout ? until - os_now() : 0;
        if ((found || left > 0) && PyErr_CheckSignals() < 0) return INTERRUPTED;
        if (found) found = gde_host_next_event(host, event, taken, NULL);
        if (left <= 0) break;
    }
    return found;
}

/* The timeout that service was called with; false where the Python method must look at the arguments. */
bool hot_service_timeout(PyObject *const *args, Py_ssize_t count, PyObject *keywords, long *timeout) {
    *timeout = 0;
    if (!keywords && (!count || (count == 1 && args[0] == hot.zero))) return true;
    Py_ssize_t all = count + (keywords ? PyTuple_Size(keywords) : 0);
    return !(all > 1 || (keywords && all == 1 && PyTuple_GetItem(keywords, 0) != hot.timeout_name) ||
             (all && !hot_plain_int(args[0], timeout)) || *timeout > 0x7FFFFFFF);
}

/* An Event; NULL with an exception. */
static PyObject *make_event(PyObject *given, const gde_event *event) {
    if (event->type != EVENT_RECEIVE)
        return PyObject_CallMethod(given, "_event", "iKIII", (int)event->type, (unsigned long long)event->peer,
                                   (unsigned int)event->data, (unsigned int)event->reason,
                                   (unsigned int)event->command);
    Py_INCREF(hot.receive);
    Py_INCREF(hot.no_reason);
    PyObject *items[] = {hot.receive,
                         PyLong_FromUnsignedLongLong(event->peer),
                         PyLong_FromLong((long)event->channel),
                         PyLong_FromLong(0),
                         PyBytes_FromStringAndSize((const char *)event->packet, (Py_ssize_t)event->length),
                         PyLong_FromLong((long)event->flags),
                         hot.no_reason,
                         PyLong_FromLong(0)};
    return hot_make_tuple(hot.event, 8, items);
}

/* Logs drops; returns None. */
static PyObject *log_drops(PyObject *given) {
    if (gde_host_has_drops(((HostObject *)given)->host))
        return PyObject_CallMethodObjArgs(given, hot.log_drops_name, NULL);
    Py_RETURN_NONE;
}

bool hot_has_left(const HostObject *self) { return self->left && PyList_Size(self->left) > 0; }

/* Gives an event back that a method cannot return, because of the exception that is set. Where the engine cannot take it,
 * it goes to `left`, which a successor of the host shares. */
void hot_put_back(HostObject *self, gde_event *event, gde_packet **taken) {
    if (gde_host_put_back(self->host, event, taken) == GDE_OK) return;
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *made = make_event((PyObject *)self, event), *left = made ? host_left((PyObject *)self, NULL) : NULL;
    if (left) PyList_Append(left, made);
    PyErr_Restore(type, value, trace);
    Py_XDECREF(left);
    Py_XDECREF(made);
    if (*taken) gde_packet_free(*taken);
    *taken = NULL;
}

/* Adds packets that a method cannot return, because of the exception that is set, to `left`. */
void hot_leave_packets(HostObject *self, PyObject *packets) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *left = host_left((PyObject *)self, NULL);
    for (Py_ssize_t i = 0; left && i < PyList_Size(packets); i++) {
        PyObject *each = PyList_GetItem(packets, i);
        char *data;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(each, 3), &data, &length) < 0) break;
        gde_event event = {.type = EVENT_RECEIVE,
                           .peer = ((PeerObject *)PyTuple_GetItem(each, 0))->peer,
                           .channel = (uint32_t)PyLong_AsUnsignedLongLongMask(PyTuple_GetItem(each, 1)),
                           .flags = (uint32_t)PyLong_AsUnsignedLongLongMask(PyTuple_GetItem(each, 2)),
                           .packet = (const uint8_t *)data,
                           .length = (uint64_t)length};
        PyObject *made = make_event((PyObject *)self, &event);
        if (made) PyList_Append(left, made);
        Py_XDECREF(made);
    }
    Py_XDECREF(left);
    PyErr_Restore(type, value, trace);
}

static bool is_plain(const HostObject *self) { return self->host && !hot_has_left(self); }

static void release(HostObject *self, gde_packet *taken) {
    if (taken) hot_give_back((PyObject *)self, (packet *)taken);
}

static PyObject *host_service(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    HostObject *self = (HostObject *)given;
    long timeout;
    if (!is_plain(self) || !hot_service_timeout(args, count, keywords, &timeout))
        return hot_call_base(given, hot.service_name, hot.host, args, count, keywords);
    gde_event event;
    gde_packet *taken;
    int32_t found = hot_next_event(self->host, timeout, hot_take_spare(self), &event, &taken);
    if (found == 0) return log_drops(given);
    if (found == INTERRUPTED) return NULL;
    if (found < 0) return hot_call_base(given, hot.service_name, hot.host, args, count, keywords);
    PyObject *made = make_event(given, &event);
    /* If a signal handler raises after the return, the caller loses the event. Until then it is kept here. */
    if (!made || PyErr_CheckSignals() < 0) {
        Py_XDECREF(made);
        hot_put_back(self, &event, &taken);
        return NULL;
    }
    release(self, taken);
    return made;
}

/* service_into(taken, timeout=0, limit=1) */
static PyObject *host_service_into(PyObject *given, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    HostObject *self = (HostObject *)given;
    long timeout = 0, limit = 1;
    if (count < 1 || count > 3 || keywords || !is_plain(self) || !PyList_Check(args[0]) ||
        (count > 1 && !hot_plain_int(args[1], &timeout)) || timeout > 0x7FFFFFFF ||
        (count > 2 && !hot_plain_int(args[2], &limit)) || limit < 1)
        return hot_call_base(given, hot.service_into_name, hot.host, args, count, keywords);
    gde_event event;
    gde_packet *taken;
    int32_t found = hot_next_event(self->host, timeout, hot_take_spare(self), &event, &taken);
    if (found == INTERRUPTED) return NULL;
    if (found < 0) return hot_call_base(given, hot.service_into_name, hot.host, args, count, keywords);
    while (found > 0) {
        PyObject *made = make_event(given, &event);
        int failed = !made || PyList_Append(args[0], made) < 0;
        Py_XDECREF(made);
        if (failed) {
            hot_put_back(self, &event, &taken);
            return NULL;
        }
        release(self, taken);
        if (!--limit) Py_RETURN_NONE;
        found = gde_host_next_event(self->host, &event, &taken, (gde_packet *)hot_take_spare(self));
    }
    return log_drops(given);
}

/* serve(): the network work alone; whether events wait. */
static PyObject *host_serve(PyObject *given, PyObject *unused) {
    (void)unused;
    HostObject *self = (HostObject *)given;
    if (!is_plain(self)) return hot_call_base(given, hot.serve_name, hot.host, NULL, 0, NULL);
    int32_t found;
    Py_BEGIN_ALLOW_THREADS
    found = gde_host_serve(self->host);
    Py_END_ALLOW_THREADS
    if (found < 0) return hot_call_base(given, hot.serve_name, hot.host, NULL, 0, NULL);
    PyObject *logged = log_drops(given);
    if (!logged) return NULL;
    Py_DECREF(logged);
    return PyBool_FromLong(found);
}

/* Queries */

static PyObject *host_poll_timeout(PyObject *given, PyObject *unused) {
    (void)unused;
    gde_host *host = ((HostObject *)given)->host;
    int64_t due;
    int32_t found = host ? gde_host_poll_timeout(host, &due) : GDE_ERR_CLOSED;
    if (found < 0) return hot_call_base(given, hot.poll_timeout_name, hot.host, NULL, 0, NULL);
    if (!found) Py_RETURN_NONE;
    return PyLong_FromLongLong(due);
}

/* snprintf would take as long as the rest of a new peer's address. */
static const char *write_ipv4(char *text, const uint8_t *bytes) {
    char *at = text;
    for (int i = 0; i < 4; i++) {
        if (bytes[i] >= 100) *at++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10) *at++ = (char)('0' + bytes[i] / 10 % 10);
        *at++ = (char)('0' + bytes[i] % 10);
        *at++ = i < 3 ? '.' : 0;
    }
    return text;
}

/* An Address. Most are of IPv4, and made here. */
PyObject *hot_make_address(const gde_address *at) {
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    if (memcmp(at->ip, mapped, sizeof mapped) == 0 && !at->scope) {
        char text[16];
        PyObject *items[] = {PyUnicode_FromString(write_ipv4(text, at->ip + 12)), PyLong_FromLong(at->port)};
        return hot_make_tuple(hot.address, 2, items);
    }
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)at, sizeof *at);
    PyObject *made = bytes ? PyObject_CallFunctionObjArgs(hot.address_from, bytes, NULL) : NULL;
    Py_XDECREF(bytes);
    return made;
}

/* _known_address(peer): an Address; None if the ordinary method must report an error. */
static PyObject *host_known_address(PyObject *given, PyObject *peer) {
    gde_host *host = ((HostObject *)given)->host;
    gde_peer_info info;
    uint64_t handle = PyLong_AsUnsignedLongLongMask(peer);
    if (PyErr_Occurred()) return NULL;
    if (!host || gde_host_peer_info(host, handle, &info) != GDE_OK) Py_RETURN_NONE;
    return hot_make_address(&info.address);
}

PyMethodDef hot_host_methods[] = {
    {"send", (PyCFunction)(void (*)(void))host_send, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"service", (PyCFunction)(void (*)(void))host_service, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"service_into", (PyCFunction)(void (*)(void))host_service_into, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"flush", host_flush, METH_NOARGS, NULL},
    {"serve", host_serve, METH_NOARGS, NULL},
    {"poll_timeout", host_poll_timeout, METH_NOARGS, NULL},
    {"_known_address", host_known_address, METH_O, NULL},
    {"_create", host_create, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};
static PyGetSetDef attributes[] = {{"left", host_left, host_set_left, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot slots[] = {
    {Py_tp_dealloc, host_dealloc}, {Py_tp_getset, attributes}, {Py_tp_methods, hot_host_methods}, {0, NULL}};
/* Named like the class that inherits it, since a TypeError names the class that has the method. */
static PyType_Spec spec = {"godot_enet.core.native.NativeHost", sizeof(HostObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

PyTypeObject *hot_make_host_type(void) { return (PyTypeObject *)PyType_FromSpec(&spec); }
