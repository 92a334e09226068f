/* What the files with C methods share: hot_host.c, hot_peer.c, hot_connection.c, hot_async.c,
 * hot_rows.c and hot_types.c.
 *
 * They have the calls that a program makes per message, as methods on CPython's stable ABI. Nothing else of the package
 * is written against CPython's C API, and nothing here defines behaviour: everything except the common case goes to
 * the Python method of the same name, which defines what the call does (the classes here come before the Python ones in
 * the method resolution order). The library works without these methods: the loader only asks for them where objects
 * are laid out as in python_abi.h.
 *
 * Lifetimes: a HostObject owns its gde_host; connections and peers hold a reference to their HostObject, so the memory
 * exists as long as it can be reached, closed or not. */
#ifndef GDE_HOT_H
#define GDE_HOT_H

#include "internal.h"
#include "python_abi.h"

typedef struct {
    PyTypeObject *host, *peer, *connection, *async_host, *rows; /* the types made here */
    /* A host's events. */
    PyTypeObject *event, *address;
    newfunc tuple_new; /* tuple.__new__ */
    allocfunc tuple_alloc;
    bool tuple_has_hash; /* from Python 3.14 on a tuple keeps its hash, which tuple_alloc does not prepare */
    PyObject *receive, *no_reason; /* EventType.RECEIVE, DisconnectReason.NONE */
    PyObject *address_from;        /* makes an Address of a gde_address in bytes */
    PyTypeObject *function;        /* the type of functions written in Python */
    PyObject *zero; /* CPython has one object for each small number */
    /* Results of the classes of compat: see gde_hot_results. */
    PyObject *ok, *none_result, *event_receive, *event_connect;
    PyTypeObject *receive_result, *connect_result;
    PyTypeObject *peer_class; /* ENetPacketPeer */
    allocfunc peer_alloc;
    /* Names of attributes. */
    PyObject *send_name, *service_name, *service_into_name, *flush_name, *serve_name, *poll_timeout_name,
        *log_drops_name, *timeout_name, *take_event_name, *receive_all_name, *get_packet_name, *flags_name, *count_name,
        *error_name, *take_packet_name, *refuse_name, *get_var_name, *decode_name, *await_event_name,
        *encode_change_name, *write_changes_name, *read_changes_name, *restore_all_name, *mro_name;
} hot_state;

extern GDE_HIDDEN hot_state hot;

/* The base of NativeHost. */
typedef struct {
    PyObject_HEAD
    gde_host *host; /* NULL until _create */
    PyObject *left; /* the list of events that an interrupted call has taken */
    packet *spare;  /* read and emptied, to be returned for reuse; guarded by the GIL */
    uint32_t spare_count;
} HostObject;

/* The base of ENetPacketPeer, with the packets that the program has not read. There are thousands of them, so it is
 * small: an address is made when it is asked for. */
typedef struct {
    PyObject_HEAD
    PyObject *host; /* a HostObject; NULL while there is no native host behind it */
    uint64_t peer;
    packet *first, *last;
    uint64_t size; /* bytes of these packets */
    uint32_t count;
    uint16_t removed; /* packets removed from the queue so far, modulo */
    bool told : 1;    /* the host counts them */
    bool failed : 1;  /* the last get_packet failed */
    bool is_numbered; /* _is_numbered */
    gde_address at;
    PyObject *address; /* an Address, in place of `at`; NULL: none */
    PyObject *any_host, *ended, *packets; /* attributes of the Python methods: _host, _ended, _packets */
    PyObject *attributes, *weak_references;
} PeerObject;

/* hot_types.c */
PyObject *hot_call_base(PyObject *self, PyObject *name, PyTypeObject *base, PyObject *const *args, Py_ssize_t count,
                        PyObject *keyword_names);
PyObject *hot_make_tuple(PyTypeObject *type, Py_ssize_t count, PyObject *const *items);
bool hot_plain_int(PyObject *object, long *value);

/* hot_host.c */
extern PyMethodDef hot_host_methods[];
enum { INTERRUPTED = -100 };
PyTypeObject *hot_make_host_type(void);
bool hot_is_host(PyObject *object);
PyObject *hot_make_address(const gde_address *at);
packet *hot_take_spare(HostObject *self);
void hot_give_back(PyObject *host, packet *emptied); /* host: NULL where it is not known any more */
bool hot_has_left(const HostObject *self);
void hot_put_back(HostObject *self, gde_event *event, gde_packet **taken);
void hot_leave_packets(HostObject *self, PyObject *packets); /* a list of (peer, channel, flags, packet) */
int32_t hot_next_event(gde_host *host, long timeout, packet *spare, gde_event *event, gde_packet **taken);
/* The same where there was none at first. */
int32_t hot_wait_for_event(gde_host *host, long timeout, gde_event *event, gde_packet **taken);
bool hot_service_timeout(PyObject *const *args, Py_ssize_t count, PyObject *keywords, long *timeout);

/* hot_peer.c */
extern PyMethodDef hot_peer_methods[];
PyTypeObject *hot_make_peer_type(void);
PyObject *hot_make_peer(PyObject *host, uint64_t peer, const gde_address *at, PyObject *ended);
void hot_give_to(PeerObject *peer, packet *arrived);

/* hot_connection.c */
extern PyMethodDef hot_connection_methods[];
PyTypeObject *hot_make_connection_type(void);

/* hot_async.c */
PyTypeObject *hot_make_async_host_type(void);

/* hot_rows.c */
PyTypeObject *hot_make_rows_type(void);

#endif
