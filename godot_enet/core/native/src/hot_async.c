/* `async for` over the events that an AsyncHost has taken already: an awaitable that gives one without suspending, in
 * the place of a coroutine for each. See hot.h, and drivers/aio.py, which knows everything else. */
#include "hot.h"

/* The base of AsyncHost. */
typedef struct {
    PyObject_HEAD
    PyObject *events; /* an iterator: the batch that is being given out; NULL at first */
} AsyncHostObject;

/* What __anext__ returns. An event is taken when it is awaited: a task that is cancelled before that takes none.
 * It is not known to the garbage collector, since it never is part of a circle: events refer to nothing, and it is in
 * no frame that waits. */
typedef struct {
    PyObject_HEAD
    AsyncHostObject *host;
    PyObject *event; /* taken, until it is given out */
} NextEvent;

static PyTypeObject *next_event_type;
static allocfunc next_event_alloc;

static void next_event_dealloc(NextEvent *self) {
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(self->host);
    Py_CLEAR(self->event);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* Itself, with an event; where there is none, whatever waits for one. */
static PyObject *next_event_await(NextEvent *self) {
    PyObject *events = self->host->events;
    if (events && !self->event) {
        Py_INCREF(events); /* its next step may be what replaces it: destroy() in a log handler */
        self->event = PyIter_Next(events);
        Py_DECREF(events);
    }
    if (self->event) {
        Py_INCREF(self);
        return (PyObject *)self;
    }
    PyObject *coroutine = PyErr_Occurred()
                              ? NULL
                              : PyObject_CallMethodObjArgs((PyObject *)self->host, hot.await_event_name, NULL);
    PyObject *waits = coroutine ? PyObject_CallMethod(coroutine, "__await__", NULL) : NULL;
    Py_XDECREF(coroutine);
    return waits;
}

/* Its result is a PySendResult. */
static int next_event_send(NextEvent *self, PyObject *value, PyObject **result) {
    (void)value;
    *result = self->event;
    self->event = NULL;
    if (!*result) PyErr_SetObject(PyExc_StopIteration, NULL); /* as of any iterator at its end */
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

/* `yield from` wants what __await__ returns to have this. */
static PyObject *next_event_iter(PyObject *self) { return python_new_reference(self); }

/* The same for who calls next(): the event is the value of a StopIteration. */
static PyObject *next_event_next(NextEvent *self) {
    PyObject *event, *stop;
    if (next_event_send(self, NULL, &event) == PYGEN_ERROR) return NULL;
    stop = PyObject_CallFunctionObjArgs(PyExc_StopIteration, event, NULL); /* SetObject would take the tuple apart */
    Py_DECREF(event);
    if (stop) PyErr_SetObject(PyExc_StopIteration, stop);
    Py_XDECREF(stop);
    return NULL;
}

static PyType_Slot next_event_slots[] = {{Py_tp_dealloc, next_event_dealloc}, {Py_tp_iter, next_event_iter},
                                         {Py_tp_iternext, next_event_next},   {Py_am_await, next_event_await},
                                         {Py_am_send, next_event_send},       {0, NULL}};
static PyType_Spec next_event_spec = {"godot_enet.core.native.NextEvent", sizeof(NextEvent), 0,
                                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, next_event_slots};

static void async_host_dealloc(AsyncHostObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(self->events);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *async_host_anext(AsyncHostObject *self) {
    NextEvent *next = (NextEvent *)next_event_alloc(next_event_type, 0);
    if (!next) return NULL;
    Py_INCREF(self);
    next->host = self;
    return (PyObject *)next;
}

static PyObject *get_events(PyObject *given, void *unused) {
    (void)unused;
    PyObject *events = ((AsyncHostObject *)given)->events;
    return python_new_reference(events ? events : Py_None);
}

static int set_events(PyObject *given, PyObject *events, void *unused) {
    (void)unused;
    AsyncHostObject *self = (AsyncHostObject *)given;
    PyObject *before = self->events;
    Py_XINCREF(events);
    self->events = events;
    Py_XDECREF(before);
    return 0;
}

static PyGetSetDef attributes[] = {{"_events", get_events, set_events, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot slots[] = {
    {Py_tp_dealloc, async_host_dealloc}, {Py_tp_getset, attributes}, {Py_am_anext, async_host_anext}, {0, NULL}};
static PyType_Spec spec = {"godot_enet.core.drivers.AsyncHost", sizeof(AsyncHostObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

PyTypeObject *hot_make_async_host_type(void) {
    next_event_type = (PyTypeObject *)PyType_FromSpec(&next_event_spec);
    if (!next_event_type) return NULL;
    next_event_alloc = (allocfunc)PyType_GetSlot(next_event_type, Py_tp_alloc);
    return (PyTypeObject *)PyType_FromSpec(&spec);
}
