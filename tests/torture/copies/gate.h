/* The file calls of the store and of SQLite, each of which can be made to fail: the linker puts the gate
 * between the store and the C library (--wrap), a VFS between SQLite and the system's. The files are real.
 * Nothing of it is in the product. */
#ifndef TORTURE_COPIES_GATE_H
#define TORTURE_COPIES_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum gate_fault {
    GATE_NONE,
    GATE_EIO,      /* any operation */
    GATE_FULL,     /* what takes room: some of a write may have been taken */
    GATE_READONLY, /* what changes something */
    GATE_ROT,      /* what is read from a copy has one bit wrong, and nobody says so */
    GATE_FAULTS,
};
enum gate_operation { GATE_LOOK, GATE_READ, GATE_READ_COPY, GATE_MAKE, GATE_WRITE, GATE_SYNC, GATE_REMOVE };

/* The n-th operation (1…) that this fault can meet fails, once or with all that follow. GATE_NONE: only
 * counts. */
void gate_arm(enum gate_fault fault, uint64_t at, bool for_good);
/* Nothing fails any more. How many operations since arming each fault could have met. */
void gate_disarm(uint64_t met[GATE_FAULTS]);
/* Whether that operation, of the run before this arming, was the store's own, not one of SQLite's many. */
bool gate_was_own(enum gate_fault fault, uint64_t number);
/* How many failed since arming, and what the first was; static text. */
uint64_t gate_hits(void);
const char *gate_first(void);
/* Descriptors that were opened through the gate and are open. */
int gate_held(void);
/* The process is root, as far as it knows. */
void gate_play_root(bool root);
/* Under SQLite, as its default. 0, or an SQLite result. */
int gate_sqlite(void);

/* --- for gate_vfs.c --- */
/* What this operation meets; name is static text. */
enum gate_fault gate_pass(enum gate_operation operation, const char *name);
int gate_errno(enum gate_fault fault);
/* Whether a file of this name is a copy that is being made. */
bool gate_is_copy(const char *path);
void gate_rot(void *bytes, int length);

const char *gate_fault_name(enum gate_fault fault);

#endif
