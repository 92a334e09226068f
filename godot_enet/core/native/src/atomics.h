/* Numbers that several threads change without a lock: what the shards of a host share. Windows has no such hosts, and its
 * own compiler has no such functions. */
#ifndef GDE_ATOMICS_H
#define GDE_ATOMICS_H

#if defined(__GNUC__)
#define ATOMIC_LOAD(at) __atomic_load_n(at, __ATOMIC_SEQ_CST)
#define ATOMIC_STORE(at, value) __atomic_store_n(at, value, __ATOMIC_SEQ_CST)
#define ATOMIC_EXCHANGE(at, value) __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST)
#define ATOMIC_ADD(at, value) __atomic_add_fetch(at, value, __ATOMIC_SEQ_CST) /* the sum */
#else
#define ATOMIC_LOAD(at) (*(at))
#define ATOMIC_STORE(at, value) (*(at) = (value))
#define ATOMIC_EXCHANGE(at, value) atomic_exchange_alone(at, value)
#define ATOMIC_ADD(at, value) (*(at) += (value))
static inline bool atomic_exchange_alone(bool *at, bool value) {
    bool before = *at;
    *at = value;
    return before;
}
#endif

#endif
