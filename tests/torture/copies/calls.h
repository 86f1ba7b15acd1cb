/* Which allocations a run asks for, and which of them are worth a run of their own: each of our own, and the
 * first and the last within a call of SQLite, which may ask thousands of times to parse one statement. */
#ifndef TORTURE_COPIES_CALLS_H
#define TORTURE_COPIES_CALLS_H

#include <stdint.h>

struct calls {
    uint64_t *wanted; /* numbers of allocations, ascending */
    uint32_t count;
};

/* From now on calls are noted (memory_gate_arm(0, …) comes first). */
void calls_begin(void);
/* Of SQLite's calls each stride-th counts. The caller frees with calls_free. */
struct calls calls_end(uint64_t asked, uint32_t stride);
void calls_free(struct calls *calls);

#endif
