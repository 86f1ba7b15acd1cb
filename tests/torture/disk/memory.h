/* Memory for the simulation itself, and the gate through which the store's and SQLite's own memory goes, so
 * that the n-th allocation can be refused. The gate is linked under the program (--wrap), into this test
 * only. */
#ifndef TORTURE_DISK_MEMORY_H
#define TORTURE_DISK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The simulation's own: zeroed, never refused, ends the program when the machine has none left. */
void *memory_get(size_t bytes);
/* Grows to bytes; what is new is not zeroed. */
void *memory_grow(void *old, size_t bytes);
void memory_put(void *memory);

/* Puts the gate under SQLite, or, for campaigns that refuse nothing, free lists that cost little under a
 * sanitizer. Before anything else of SQLite. */
int memory_gate_sqlite(bool gate);
/* From now on the n-th allocation (1…) of the store, intake, book and SQLite fails, once or with all that
 * follow. n 0: only count. */
void memory_gate_arm(uint64_t fail_at, bool for_good);
/* Nothing fails any more. Returns how many were asked for since arming. */
uint64_t memory_gate_disarm(void);
/* How many were asked for since arming. */
uint64_t memory_gate_asked(void);
/* How many were refused since arming. */
uint64_t memory_gate_refused(void);
/* Blocks now held by the program under test. */
int64_t memory_gate_held(void);

#endif
