/* godot_enet: ENet's protocol engine in C11. The whole public ABI.
 *
 * No dependency, no callback, no global state. Handles are opaque; integers have fixed width; buffers belong to
 * the caller; failures are negative numbers. One thread at a time per engine.
 *
 * This engine and godot_enet/core/engine do the same, byte for byte: a change of behaviour goes into both.
 */
#ifndef GDE_H
#define GDE_H

#include "gde_generated.h" /* numbers, enums and structs, which are Python's, too */

#if defined(_WIN32)
#define GDE_API __declspec(dllexport)
#else
#define GDE_API __attribute__((visibility("default")))
#endif

typedef struct gde_engine gde_engine;

/* GDE_FINGERPRINT of the sources that the library was built from. */
GDE_API uint64_t gde_fingerprint(void);
/* GDE_LAYOUT as the library's compiler has it. Writes at most `capacity` numbers, and returns how many there are. */
GDE_API int32_t gde_layout(uint32_t *numbers, int32_t capacity);
/* BLAKE2s of a message, with a key of 0 to 32 bytes; a digest of 1 to 32. */
GDE_API void gde_blake2s(uint8_t *out, uint32_t out_size, const uint8_t *key, uint32_t key_size, const uint8_t *data,
                         uint32_t size);

GDE_API gde_engine *gde_engine_create(const gde_config *config);
GDE_API void gde_engine_destroy(gde_engine *engine);

/* Lets at most so many proved addresses of one network connect each second (0: no limit), and says whether this one's
 * network may still. */
GDE_API int32_t gde_may_connect(gde_engine *engine, const gde_address *from, uint32_t per_second, int64_t now);

/* From the world. A receive pass is what the budget of each peer is for: begin one, then give it what has come. */
GDE_API void gde_begin_pass(gde_engine *engine);
/* Before each gde_handle_timeout: a datagram that a former pass has left, to be given to gde_receive before the next is
 * asked for. Its length, 0 when there is none for now. The buffer holds 4096 bytes. */
GDE_API uint32_t gde_poll_backlog(gde_engine *engine, uint8_t *buffer, gde_address *from);
/* For codecs that the caller has: how long the commands of this datagram may be. 0: it is not to be decompressed, or
 * not worth it; gde_receive knows why. It is also for those that turn out not to decompress. */
GDE_API uint32_t gde_expansion_limit(gde_engine *engine, const uint8_t *data, uint32_t length, const gde_address *from);
GDE_API void gde_receive(gde_engine *engine, const uint8_t *data, uint32_t length, const gde_address *from, int64_t now);
/* The same for a datagram that the caller has decompressed, behind its header as it came: it had `wire` bytes. */
GDE_API void gde_receive_expanded(gde_engine *engine, const uint8_t *data, uint32_t length, uint32_t wire,
                                  const gde_address *from, int64_t now);
GDE_API void gde_handle_timeout(gde_engine *engine, int64_t now);

/* From the user. `any_source`: answers come from other addresses, as to a broadcast; the first one's becomes the
 * peer's. */
GDE_API int64_t gde_connect(gde_engine *engine, const gde_address *to, uint32_t channels, uint32_t data,
                            uint32_t any_source);
GDE_API int32_t gde_disconnect(gde_engine *engine, uint64_t peer, uint32_t data, uint32_t mode, int64_t now);
GDE_API int32_t gde_send(gde_engine *engine, uint64_t peer, uint32_t channel, const uint8_t *data, uint64_t length,
                         uint32_t flags);
GDE_API int32_t gde_broadcast(gde_engine *engine, uint32_t channel, const uint8_t *data, uint64_t length,
                              uint32_t flags);
/* How many of the packets that were reported still wait for the program, and their bytes: they count as what waits. */
GDE_API void gde_set_untaken(gde_engine *engine, uint64_t peer, uint32_t packets, uint64_t size);
GDE_API int32_t gde_ping(gde_engine *engine, uint64_t peer);
GDE_API int32_t gde_configure(gde_engine *engine, uint64_t peer, uint32_t option, uint32_t a, uint32_t b, uint32_t c);
GDE_API void gde_bandwidth_limit(gde_engine *engine, uint32_t incoming, uint32_t outgoing);
GDE_API void gde_set_channel_limit(gde_engine *engine, uint32_t limit);
/* One of CODEC_; CODEC_OUTSIDE is the caller's own. */
GDE_API int32_t gde_set_compressor(gde_engine *engine, uint32_t mode);

/* Outputs. gde_poll_transmit builds one datagram into `buffer` (4104 bytes) and returns its length, 0 when this pass
 * has no more. Drain it before anything else is called. `urgent` leaves packets queued since the last full pass. */
GDE_API int32_t gde_poll_transmit(gde_engine *engine, int64_t now, uint32_t urgent, uint8_t *buffer, gde_address *to);
/* With a compressor of the caller's own, after each datagram received: what that has caused at once, as
 * gde_poll_transmit would return it. It may only leave, as `wire` bytes, if gde_afford says 1: otherwise it would be
 * more than came from an address that nobody has proved. */
GDE_API int32_t gde_poll_answers(gde_engine *engine, uint8_t *buffer, gde_address *to);
GDE_API int32_t gde_afford(gde_engine *engine, uint32_t wire, int64_t now);
GDE_API int32_t gde_poll_event(gde_engine *engine, gde_event *event);
/* Returns 1 and the time, or 0 if nothing is ever due. */
GDE_API int32_t gde_poll_timeout(gde_engine *engine, int64_t *due);
GDE_API int32_t gde_poll_drops(gde_engine *engine, gde_drop_report *reports, int32_t capacity);

/* Looking. */
GDE_API int32_t gde_peers(gde_engine *engine, uint64_t *peers, int32_t capacity);
GDE_API int32_t gde_get_peer_info(gde_engine *engine, uint64_t peer, gde_peer_info *info);
GDE_API int32_t gde_peer_state(gde_engine *engine, uint64_t peer);
GDE_API int64_t gde_peer_statistic(gde_engine *engine, uint64_t peer, uint32_t which);
GDE_API uint32_t gde_channel_limit(gde_engine *engine);
/* How often each cause has occurred. Writes at most `capacity` counts, and returns how many causes there are. */
GDE_API int32_t gde_drops(gde_engine *engine, uint64_t *counts, int32_t capacity);

/* A host: an engine with a UDP socket, and with a network thread if wanted. Any function may be called from any
 * thread. What every function returns GDE_ERR_CLOSED for after gde_host_close. */
typedef struct gde_host gde_host;
typedef struct gde_packet gde_packet;


/* GDE_HOST_BOUND binds `bind`; GDE_HOST_WILDCARD binds its port on all addresses. NULL and an errno on failure. */
GDE_API gde_host *gde_host_create(const gde_config *config, const gde_address *bind, uint32_t flags, int32_t *error);
/* Ends the thread and blocked calls, frees the port. Idempotent. */
GDE_API void gde_host_close(gde_host *host);
/* Closes, and frees the memory: nobody may use the host any more. */
GDE_API void gde_host_free(gde_host *host);
/* Ends the thread and blocked calls like gde_host_close, but hands over the engine and the socket, which go on living
 * without the host. For codecs that only Python has. */
GDE_API int32_t gde_host_detach(gde_host *host, gde_engine **engine, int64_t *socket);
/* After fork(), in the child: closes its copies of the descriptors, and nothing else. */
GDE_API void gde_host_after_fork(gde_host *host);

/* 1 and an event, or 0; waits up to `timeout` ms. A packet comes as `packet`, which the caller frees. With NULL for
 * both the event stays, and it can turn out that there was none. */
GDE_API int32_t gde_host_service(gde_host *host, int64_t timeout, gde_event *event, gde_packet **packet);
/* The same, but only what is queued already: no work, no wait. Takes back a chain of packets for reuse (or NULL). */
GDE_API int32_t gde_host_next_event(gde_host *host, gde_event *event, gde_packet **packet, gde_packet *spare);
/* An event of type 0 is none. Otherwise the next call gives it again, and here there is none any more. */
GDE_API void gde_host_put_back(gde_host *host, gde_event *event, gde_packet **packet);
GDE_API void gde_packet_free(gde_packet *packet);
GDE_API int32_t gde_host_flush(gde_host *host);
GDE_API int64_t gde_host_connect(gde_host *host, const gde_address *to, uint32_t channels, uint32_t data,
                                 uint32_t any_source);
GDE_API int32_t gde_host_disconnect(gde_host *host, uint64_t peer, uint32_t data, uint32_t mode);
GDE_API int32_t gde_host_send(gde_host *host, uint64_t peer, uint32_t channel, const uint8_t *data, uint64_t length,
                              uint32_t flags);
GDE_API int32_t gde_host_broadcast(gde_host *host, uint32_t channel, const uint8_t *data, uint64_t length,
                                   uint32_t flags);
GDE_API int32_t gde_host_set_untaken(gde_host *host, uint64_t peer, uint32_t packets, uint64_t size);
GDE_API int32_t gde_host_ping(gde_host *host, uint64_t peer);
GDE_API int32_t gde_host_configure(gde_host *host, uint64_t peer, uint32_t option, uint32_t a, uint32_t b, uint32_t c);
GDE_API int32_t gde_host_bandwidth_limit(gde_host *host, uint32_t incoming, uint32_t outgoing);
GDE_API int32_t gde_host_set_channel_limit(gde_host *host, uint32_t limit);
GDE_API int32_t gde_host_set_compressor(gde_host *host, uint32_t mode);
GDE_API int32_t gde_host_socket_send(gde_host *host, const uint8_t *data, uint32_t length, const gde_address *to);
GDE_API int32_t gde_host_peers(gde_host *host, uint64_t *peers, int32_t capacity);
GDE_API int32_t gde_host_peer_info(gde_host *host, uint64_t peer, gde_peer_info *info);
GDE_API int32_t gde_host_peer_state(gde_host *host, uint64_t peer);
GDE_API int64_t gde_host_peer_statistic(gde_host *host, uint64_t peer, uint32_t which);
/* One of HOST_TOTAL_; it goes back to 0. */
GDE_API uint64_t gde_host_pop_statistic(gde_host *host, uint32_t which);
GDE_API uint32_t gde_host_channel_limit(gde_host *host);
GDE_API int32_t gde_host_drops(gde_host *host, uint64_t *counts, int32_t capacity);
GDE_API int32_t gde_host_poll_drops(gde_host *host, gde_drop_report *reports, int32_t capacity);
GDE_API int32_t gde_host_has_drops(gde_host *host);
/* For event loops, with a host that has no thread: what to wait on, and until when (as gde_poll_timeout; the clock is
 * the monotonic one that Python's time.perf_counter shows, in ms). */
GDE_API int64_t gde_host_fileno(gde_host *host);
GDE_API int32_t gde_host_poll_timeout(gde_host *host, int64_t *due);
GDE_API int32_t gde_host_local_address(gde_host *host, gde_address *address);

#endif
