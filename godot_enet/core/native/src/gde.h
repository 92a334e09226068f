/* godot_enet: ENet's protocol engine in C11. The whole public ABI.
 *
 * No dependency, no callback, no global state. Handles are opaque; integers have fixed width; buffers belong to
 * the caller; failures are negative numbers. One thread at a time per engine.
 *
 * This engine and godot_enet/core/engine are equal byte for byte: a change of behaviour goes into both.
 */
#ifndef GDE_H
#define GDE_H

#include "gde_generated.h" /* constants, enums and structs shared with Python */

#if defined(_WIN32)
#define GDE_API __declspec(dllexport)
#else
#define GDE_API __attribute__((visibility("default")))
#endif

typedef struct gde_engine gde_engine;

/* GDE_FINGERPRINT of the sources that the library was built from. */
GDE_API uint64_t gde_fingerprint(void);
/* GDE_LAYOUT as compiled into the library. Writes at most `capacity` numbers, and returns how many there are. */
GDE_API int32_t gde_layout(uint32_t *numbers, int32_t capacity);
/* BLAKE2s of a message, with a key of 0 to 32 bytes; a digest of 1 to 32. */
GDE_API void gde_blake2s(uint8_t *out, uint32_t out_size, const uint8_t *key, uint32_t key_size, const uint8_t *data,
                         uint32_t size);

GDE_API gde_engine *gde_engine_create(const gde_config *config);
GDE_API void gde_engine_destroy(gde_engine *engine);

/* Limits the verified connections per second of one network (0: unlimited). Returns whether the network of this address
 * may connect once more in the current second. */
GDE_API int32_t gde_may_connect(gde_engine *engine, const gde_address *from, uint32_t per_second, int64_t now);

/* Network input. Budgets apply to one receive pass: begin a pass, then pass in the received datagrams. */
GDE_API void gde_begin_pass(gde_engine *engine);
/* Before each gde_handle_timeout: takes a datagram from the backlog, which must be passed to gde_receive before the
 * next is taken. Returns its length, 0 if there is none for now. The buffer holds 4096 bytes. */
GDE_API uint32_t gde_poll_backlog(gde_engine *engine, uint8_t *buffer, gde_address *from);
/* For codecs of the caller: the maximum length of the decompressed commands. 0: do not decompress the datagram, but
 * pass it to gde_receive as it is, like one that fails to decompress. */
GDE_API uint32_t gde_expansion_limit(gde_engine *engine, const uint8_t *data, uint32_t length, const gde_address *from);
GDE_API void gde_receive(gde_engine *engine, const uint8_t *data, uint32_t length, const gde_address *from,
                         int64_t now);
/* The same for a datagram that the caller has decompressed, after its original header: it had `wire` bytes. */
GDE_API void gde_receive_expanded(gde_engine *engine, const uint8_t *data, uint32_t length, uint32_t wire,
                                  const gde_address *from, int64_t now);
GDE_API void gde_handle_timeout(gde_engine *engine, int64_t now);

/* Calls of the program. `any_source`: answers may come from other addresses, as to a broadcast; the peer takes that of
 * the first. */
GDE_API int64_t gde_connect(gde_engine *engine, const gde_address *to, uint32_t channels, uint32_t data,
                            uint32_t any_source);
GDE_API int32_t gde_disconnect(gde_engine *engine, uint64_t peer, uint32_t data, uint32_t mode, int64_t now);
GDE_API int32_t gde_send(gde_engine *engine, uint64_t peer, uint32_t channel, const uint8_t *data, uint64_t length,
                         uint32_t flags);
GDE_API int32_t gde_broadcast(gde_engine *engine, uint32_t channel, const uint8_t *data, uint64_t length,
                              uint32_t flags);
/* Sets how many reported packets the program has not read yet, and their bytes: they count as waiting data. */
GDE_API void gde_set_unread(gde_engine *engine, uint64_t peer, uint32_t packets, uint64_t size);
GDE_API int32_t gde_ping(gde_engine *engine, uint64_t peer);
GDE_API int32_t gde_configure(gde_engine *engine, uint64_t peer, uint32_t option, uint32_t a, uint32_t b, uint32_t c);
GDE_API void gde_bandwidth_limit(gde_engine *engine, uint32_t incoming, uint32_t outgoing);
GDE_API void gde_set_channel_limit(gde_engine *engine, uint32_t limit);
/* Refuses CONNECTs as if no slot were free; `data` is for the DISCONNECT of the refused. */
GDE_API void gde_refuse_connects(gde_engine *engine, uint32_t refuse, uint32_t data);
/* One of CODEC_; CODEC_OUTSIDE is the caller's own. */
GDE_API int32_t gde_set_compressor(gde_engine *engine, uint32_t mode);

/* What the system says about an address: DROP_PORT_UNREACHABLE or DROP_ADDRESS_UNREACHABLE. Counted while connecting. */
GDE_API void gde_on_unreachable(gde_engine *engine, const gde_address *address, uint32_t cause);

/* Outputs. gde_poll_transmit builds one datagram into `buffer` (4104 bytes) and returns its length, 0 at the end of the
 * pass. Drain it before calling anything else. `urgent` leaves packets queued since the last full pass. */
GDE_API int32_t gde_poll_transmit(gde_engine *engine, int64_t now, uint32_t urgent, uint8_t *buffer, gde_address *to);
/* With a compressor of the caller, after each received datagram: an immediate reply, as gde_poll_transmit would return
 * it. It may only be sent, as `wire` bytes, if gde_afford returns 1: otherwise it would exceed the bytes received from
 * an unverified address. */
GDE_API int32_t gde_poll_answers(gde_engine *engine, uint8_t *buffer, gde_address *to);
GDE_API int32_t gde_afford(gde_engine *engine, uint32_t wire, int64_t now);
GDE_API int32_t gde_poll_event(gde_engine *engine, gde_event *event);
/* Returns 1 and the time, or 0 if nothing is ever due. */
GDE_API int32_t gde_poll_timeout(gde_engine *engine, int64_t *due);
GDE_API int32_t gde_poll_drops(gde_engine *engine, gde_drop_report *reports, int32_t capacity);

/* Queries. */
GDE_API int32_t gde_peers(gde_engine *engine, uint64_t *peers, int32_t capacity);
GDE_API int32_t gde_get_peer_info(gde_engine *engine, uint64_t peer, gde_peer_info *info);
GDE_API int32_t gde_peer_state(gde_engine *engine, uint64_t peer);
GDE_API int64_t gde_peer_statistic(gde_engine *engine, uint64_t peer, uint32_t which);
/* Adds sums over all peers to what the summary has. */
GDE_API void gde_add_summary(gde_engine *engine, gde_summary *summary);
GDE_API uint32_t gde_channel_limit(gde_engine *engine);
/* How often each cause has occurred. Writes at most `capacity` counts, and returns how many causes there are. */
GDE_API int32_t gde_drops(gde_engine *engine, uint64_t *counts, int32_t capacity);

/* A host: an engine with a UDP socket, and optionally a network thread. Any function may be called from any
 * thread. After gde_host_close every function returns GDE_ERR_CLOSED. */
typedef struct gde_host gde_host;
typedef struct gde_packet gde_packet;

/* GDE_HOST_BOUND binds `bind`; GDE_HOST_WILDCARD binds its port on all addresses. NULL and an errno on failure. With
 * several shards it must be bound and have threads, and it accepts connections only. */
GDE_API gde_host *gde_host_create(const gde_config *config, const gde_address *bind, uint32_t flags, int32_t *error);
/* Ends the thread and blocked calls, frees the port. Idempotent. */
GDE_API void gde_host_close(gde_host *host);
/* Closes the host and frees its memory: the handle becomes invalid. */
GDE_API void gde_host_free(gde_host *host);
/* Ends the thread and blocked calls like gde_host_close, but hands over the engine and the socket, which outlive the
 * host, and both ends of the descriptor of a host with a thread, or -1. For codecs that only Python has. */
GDE_API int32_t gde_host_detach(gde_host *host, gde_engine **engine, int64_t *socket, int64_t *events);
/* After fork(), in the child: closes its copies of the descriptors, and nothing else. */
GDE_API void gde_host_after_fork(gde_host *host);

/* Returns 1 and an event, or 0; waits up to `timeout` ms. The caller frees `packet`. With NULL for both, the event
 * stays queued. A negative timeout receives nothing, for callers that wait for the socket. */
GDE_API int32_t gde_host_service(gde_host *host, int64_t timeout, gde_event *event, gde_packet **packet);
/* The same for events queued already, without network work or waiting. Takes back a chain of packets for reuse, or
 * NULL. */
GDE_API int32_t gde_host_next_event(gde_host *host, gde_event *event, gde_packet **packet, gde_packet *spare);
/* The same for up to `capacity` events, of which only the last may be another one than RECEIVE. Returns their number. */
GDE_API int32_t gde_host_next_events(gde_host *host, gde_event *events, gde_packet **packets, int32_t capacity,
                                     gde_packet *spare);
/* Does the network work alone, also while events are queued; returns 1 if there are any, or 0. */
GDE_API int32_t gde_host_serve(gde_host *host);
/* Type 0 means no event. Otherwise the next call returns the event again; after an error the caller still has it. */
GDE_API int32_t gde_host_put_back(gde_host *host, gde_event *event, gde_packet **packet);
GDE_API void gde_packet_free(gde_packet *packet);
GDE_API int32_t gde_host_flush(gde_host *host);
GDE_API int64_t gde_host_connect(gde_host *host, const gde_address *to, uint32_t channels, uint32_t data,
                                 uint32_t any_source);
GDE_API int32_t gde_host_disconnect(gde_host *host, uint64_t peer, uint32_t data, uint32_t mode);
GDE_API int32_t gde_host_send(gde_host *host, uint64_t peer, uint32_t channel, const uint8_t *data, uint64_t length,
                              uint32_t flags);
GDE_API int32_t gde_host_broadcast(gde_host *host, uint32_t channel, const uint8_t *data, uint64_t length,
                                   uint32_t flags);
GDE_API int32_t gde_host_set_unread(gde_host *host, uint64_t peer, uint32_t packets, uint64_t size);
GDE_API int32_t gde_host_ping(gde_host *host, uint64_t peer);
GDE_API int32_t gde_host_configure(gde_host *host, uint64_t peer, uint32_t option, uint32_t a, uint32_t b, uint32_t c);
GDE_API int32_t gde_host_bandwidth_limit(gde_host *host, uint32_t incoming, uint32_t outgoing);
GDE_API int32_t gde_host_set_channel_limit(gde_host *host, uint32_t limit);
GDE_API int32_t gde_host_refuse_connects(gde_host *host, uint32_t refuse, uint32_t data);
GDE_API int32_t gde_host_set_compressor(gde_host *host, uint32_t mode);
GDE_API int32_t gde_host_socket_send(gde_host *host, const uint8_t *data, uint32_t length, const gde_address *to);
GDE_API int32_t gde_host_peers(gde_host *host, uint64_t *peers, int32_t capacity);
GDE_API int32_t gde_host_peer_info(gde_host *host, uint64_t peer, gde_peer_info *info);
GDE_API int32_t gde_host_peer_state(gde_host *host, uint64_t peer);
GDE_API int64_t gde_host_peer_statistic(gde_host *host, uint64_t peer, uint32_t which);
/* One of HOST_TOTAL_; resets it to 0. */
GDE_API uint64_t gde_host_pop_statistic(gde_host *host, uint32_t which);
/* The same since the host was created, popped or not. */
GDE_API uint64_t gde_host_total(gde_host *host, uint32_t which);
GDE_API void gde_host_add_summary(gde_host *host, gde_summary *summary);
/* Milliseconds since a call did network work; 0 while one waits inside service. */
GDE_API int64_t gde_host_idle(gde_host *host);
GDE_API uint32_t gde_host_channel_limit(gde_host *host);
GDE_API int32_t gde_host_drops(gde_host *host, uint64_t *counts, int32_t capacity);
GDE_API int32_t gde_host_poll_drops(gde_host *host, gde_drop_report *reports, int32_t capacity);
GDE_API int32_t gde_host_has_drops(gde_host *host);
/* For event loops: the descriptor to wait on, and the deadline (as gde_poll_timeout; the clock is the monotonic one that
 * Python's time.perf_counter shows, in ms). They are the socket and the engine's deadline. With a network thread, the
 * descriptor is readable while events are queued, and there is no deadline. -1 without a free descriptor. A closed host
 * has neither: -1, and GDE_ERR_CLOSED. */
GDE_API int64_t gde_host_fileno(gde_host *host);
GDE_API int32_t gde_host_poll_timeout(gde_host *host, int64_t *due);
GDE_API int32_t gde_host_local_address(gde_host *host, gde_address *address);

#endif
