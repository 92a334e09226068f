/* Making the types with C methods, and what those share. See hot.h. */
#define GDE_PYTHON_ABI_HERE
#include "hot.h"

#include <stdlib.h>

hot_state hot;

/* Whether objects are laid out as declared above. They are not in a free-threaded CPython, nor in one that traces
 * references; the loader does not come here for those it knows. */
static bool python_layout_is_known(void) {
    PyObject *probe = PyTuple_New(1);
    if (!probe) return false;
    bool known = Py_TYPE(probe) == PyTuple_Type && Py_REFCNT(probe) == 1;
    Py_IncRef(probe);
    known = known && Py_REFCNT(probe) == 2;
    Py_DecRef(probe);
    Py_DecRef(probe);
    return known;
}

/* The class that follows `base` in the method resolution order of a type, if the rest of that order is its own: then
 * its attributes are those of super(base, self), which takes longer than most calls. NULL if it is not, or with an
 * exception. Remembers the latest type: nearly all objects that share a base here are of the same one. */
static PyObject *class_after(PyTypeObject *base, PyTypeObject *type) {
    static struct {
        PyTypeObject *base, *type;
        PyObject *next;
    } latest[2];
    uint32_t place = base == hot.peer;
    if (latest[place].base == base && latest[place].type == type) return latest[place].next;
    PyObject *order = PyObject_GetAttr((PyObject *)type, hot.mro_name);
    if (!order) return NULL;
    PyObject *next = NULL;
    Py_ssize_t count = PyTuple_Size(order), at = 0;
    while (at < count && PyTuple_GetItem(order, at) != (PyObject *)base) at++;
    if (++at < count) {
        next = PyTuple_GetItem(order, at);
        PyObject *own = PyObject_GetAttr(next, hot.mro_name);
        if (!own || PyTuple_Size(own) != count - at) next = NULL;
        for (Py_ssize_t i = 0; next && at + i < count; i++)
            if (PyTuple_GetItem(order, at + i) != PyTuple_GetItem(own, i)) next = NULL;
        Py_XDECREF(own);
    }
    PyTypeObject *type_before = latest[place].type;
    PyObject *next_before = latest[place].next;
    Py_INCREF(type);
    Py_XINCREF(next); /* a program may give a type other bases */
    latest[place].base = base;
    latest[place].type = type;
    latest[place].next = next;
    Py_DECREF(order);
    Py_XDECREF(type_before);
    Py_XDECREF(next_before);
    return next;
}

/* super(base, self).name(*args, **keywords) */
PyObject *hot_call_base(PyObject *self, PyObject *name, PyTypeObject *base, PyObject *const *args, Py_ssize_t count,
                        PyObject *keyword_names) {
    PyObject *proxy = NULL, *method = NULL, *packed = NULL, *keywords = NULL, *outcome = NULL;
    PyObject *next = class_after(base, Py_TYPE(self));
    Py_ssize_t own = 0; /* 1 where `self` is an argument */
    if (next && (method = PyObject_GetAttr(next, name)) && Py_TYPE(method) == hot.function) {
        own = 1;
    } else {
        Py_XDECREF(method);
        method = NULL;
        if (PyErr_Occurred()) goto done;
        proxy = PyObject_CallFunctionObjArgs((PyObject *)PySuper_Type, (PyObject *)base, self, NULL);
        if (!proxy || !(method = PyObject_GetAttr(proxy, name))) goto done;
    }
    if (!(packed = PyTuple_New(own + count))) goto done;
    if (own) PyTuple_SetItem(packed, 0, python_new_reference(self));
    for (Py_ssize_t i = 0; i < count; i++) PyTuple_SetItem(packed, own + i, python_new_reference(args[i]));
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

/* An instance of a subclass of tuple. Takes over the items, of which some may be NULL with an exception. */
PyObject *hot_make_tuple(PyTypeObject *type, Py_ssize_t count, PyObject *const *items) {
    bool complete = true;
    for (Py_ssize_t i = 0; i < count; i++) complete = complete && items[i];
    PyObject *made = NULL, *arguments = NULL;
    if (complete) made = hot.tuple_has_hash ? PyTuple_New(count) : hot.tuple_alloc(type, count);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (made)
            PyTuple_SetItem(made, i, items[i]);
        else
            Py_XDECREF(items[i]);
    }
    if (!made || !hot.tuple_has_hash) return made;
    /* Only tuple's own function sets it. */
    PyObject *plain = made;
    made = (arguments = PyTuple_Pack(1, plain)) ? hot.tuple_new(type, arguments, NULL) : NULL;
    Py_XDECREF(arguments);
    Py_DECREF(plain);
    return made;
}

/* Small non-negative ints only; anything else is not the plain case. */
bool hot_plain_int(PyObject *object, long *value) {
    if (object == hot.zero) { /* as most timeouts and channels are */
        *value = 0;
        return true;
    }
    if (!PyLong_CheckExact(object)) return false;
    int overflow;
    *value = PyLong_AsLongAndOverflow(object, &overflow);
    return !overflow && *value >= 0;
}

/* The doors, for ctypes.PyDLL. */

/* The names of the functions whose addresses gde_hot_types wants, in that order; NULL after the last. */
GDE_API const char *gde_hot_function(uint32_t number) {
    return number < sizeof python_names / sizeof *python_names ? python_names[number] : NULL;
}

/* The attributes that the methods look up: X(name in hot_state, name in Python) */
#define ATTRIBUTES(X)                           \
    X(send_name, "send")                        \
    X(service_name, "service")                  \
    X(service_into_name, "service_into")        \
    X(flush_name, "flush")                      \
    X(serve_name, "serve")                      \
    X(poll_timeout_name, "poll_timeout")        \
    X(log_drops_name, "log_drops")              \
    X(timeout_name, "timeout")                  \
    X(take_event_name, "_service_into")         \
    X(receive_all_name, "receive_all")          \
    X(get_packet_name, "get_packet")            \
    X(flags_name, "get_packet_flags")           \
    X(count_name, "get_available_packet_count") \
    X(error_name, "_packet_error")              \
    X(take_packet_name, "_take_packet")         \
    X(refuse_name, "_refuse")                   \
    X(get_var_name, "get_var")                  \
    X(decode_name, "_decode")                   \
    X(await_event_name, "_await_event")         \
    X(encode_change_name, "encode_change")      \
    X(write_changes_name, "write_changes")      \
    X(read_changes_name, "read_changes")        \
    X(restore_all_name, "restore_all")          \
    X(mro_name, "__mro__")

static bool intern_names(void) {
#define INTERN(field, text) \
    if (!(hot.field = PyUnicode_InternFromString(text))) return false;
    ATTRIBUTES(INTERN)
#undef INTERN
    return true;
}

static PyTypeObject *subclass_of_tuple(PyObject *object) {
    if (PyType_Check(object) && PyType_IsSubtype((PyTypeObject *)object, PyTuple_Type)) return (PyTypeObject *)object;
    PyErr_SetString(PyExc_TypeError, "a subclass of tuple is needed");
    return NULL;
}

/* Returns the bases of NativeHost, ENetPacketPeer, ENetConnection, AsyncHost and RowCodec, or None where objects are not laid out as they
 * are declared here. `objects` are Python's own (PYTHON_OBJECTS), then Event, Address, EventType.RECEIVE,
 * DisconnectReason.NONE, address_from, and whether a tuple has more in it than items. */
GDE_API PyObject *gde_hot_types(const void *const *functions, PyObject *objects) {
    PyObject *event, *address, *receive, *no_reason, *address_from;
    int has_hash;
    python_resolve(functions);
    if (!PyArg_ParseTuple(objects, "OOOOOOOOOOOOOOOOOp", &Py_None, &PyType_Type, &PyLong_Type, &PyBytes_Type,
                          &PyTuple_Type, &PyList_Type, &PyDict_Type, &PySuper_Type, &PyExc_TypeError, &PyExc_ValueError,
                          &PyExc_OSError, &PyExc_StopIteration, &event, &address, &receive, &no_reason, &address_from,
                          &has_hash))
        return NULL;
    if (!python_layout_is_known()) Py_RETURN_NONE;
    if (!hot.rows) {
        Py_INCREF(objects);
        hot.receive = receive;
        hot.no_reason = no_reason;
        hot.address_from = address_from;
        hot.function = Py_TYPE(address_from);
        if (!(hot.event = subclass_of_tuple(event)) || !(hot.address = subclass_of_tuple(address))) return NULL;
        hot.tuple_new = (newfunc)PyType_GetSlot(PyTuple_Type, Py_tp_new);
        hot.tuple_alloc = (allocfunc)PyType_GetSlot(hot.event, Py_tp_alloc);
        hot.tuple_has_hash = has_hash != 0;
        if (!intern_names() || !(hot.zero = PyLong_FromLong(0)) || !(hot.host = hot_make_host_type()) ||
            !(hot.peer = hot_make_peer_type()) || !(hot.connection = hot_make_connection_type()) ||
            !(hot.async_host = hot_make_async_host_type()) || !(hot.rows = hot_make_rows_type()))
            return NULL;
    }
    if ((PyObject *)hot.event != event) {
        /* The package was imported once more; whichever copy has the methods now keeps them. */
        PyErr_SetString(PyExc_TypeError, "another copy of this package has the C methods");
        return NULL;
    }
    return PyTuple_Pack(5, hot.host, hot.peer, hot.connection, hot.async_host, hot.rows);
}

/* What the methods of peers and connections return: Error.OK, NoEvent(), EVENT_RECEIVE, ReceiveEvent, EVENT_CONNECT,
 * ConnectEvent, and ENetPacketPeer, in a tuple that is kept. */
GDE_API PyObject *gde_hot_results(PyObject *objects) {
    PyObject *receive_result, *connect_result;
    if (!PyArg_ParseTuple(objects, "OOOOOOO", &hot.ok, &hot.none_result, &hot.event_receive, &receive_result,
                          &hot.event_connect, &connect_result, &hot.peer_class) ||
        !(hot.receive_result = subclass_of_tuple(receive_result)) ||
        !(hot.connect_result = subclass_of_tuple(connect_result)))
        return NULL;
    hot.peer_alloc = (allocfunc)PyType_GetSlot(hot.peer_class, Py_tp_alloc);
    Py_INCREF(objects);
    Py_RETURN_NONE;
}

/* Gives a C method the docstring and signature of the Python method that it stands for; the first call counts. */
GDE_API void gde_hot_document(PyTypeObject *type, const char *name, const char *text) {
    PyMethodDef *method = type == hot.host   ? hot_host_methods
                          : type == hot.peer ? hot_peer_methods
                                             : hot_connection_methods;
    while (method->ml_name && strcmp(method->ml_name, name) != 0) method++;
    if (!method->ml_name || method->ml_doc) return;
    size_t size = strlen(text) + 1;
    char *kept = malloc(size); /* as long as the type, which is never freed */
    if (kept) method->ml_doc = memcpy(kept, text, size);
}
