/* The rules of states (see states.py, which has the table). */
#ifndef GDE_STATES_H
#define GDE_STATES_H

#include <stdbool.h>
#include <stdlib.h>

#include "gde_generated.h"

/* The result of a command of the remote: it is handled, ignored, or ends the datagram. */
static inline bool state_takes(uint8_t state, uint32_t number) {
    static const uint32_t takes[STATE_COUNT] = STATE_TAKES;
    return (takes[state] & (uint32_t)1 << number) != 0;
}
static inline bool state_ignores(uint8_t state, uint32_t number) {
    static const uint32_t ignores[STATE_COUNT] = STATE_IGNORES;
    return ignores[state] >> number & 1;
}
static inline bool state_acknowledges(uint8_t state, uint32_t number) {
    static const uint32_t acknowledges[STATE_COUNT] = STATE_ACKNOWLEDGES;
    return (acknowledges[state] & (uint32_t)1 << number) != 0;
}

/* In a checked build these end the program where the table does not allow it. */
static inline void check_follows(uint8_t state, uint8_t after) {
#if defined(GDE_CHECKED)
    static const uint32_t following[STATE_COUNT] = STATE_TRANSITIONS;
    if (!(following[state] >> after & 1)) abort();
#else
    (void)state, (void)after;
#endif
}
static inline void check_sends(uint8_t state, uint32_t number) {
#if defined(GDE_CHECKED)
    static const uint32_t sends[STATE_COUNT] = STATE_SENDS;
    if (!(sends[state] >> number & 1)) abort();
#else
    (void)state, (void)number;
#endif
}

#endif
