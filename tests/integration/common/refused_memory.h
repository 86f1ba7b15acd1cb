/* An allocator that refuses on demand, put by the linker between the code under test and the C library
 * ("// link: refused_memory"). Calls from inside shared libraries are not refused, but for SQLite's, which a
 * test may hand over itself. */
#ifndef FAIRSTOCK_TESTS_REFUSED_MEMORY_H
#define FAIRSTOCK_TESTS_REFUSED_MEMORY_H

#include <stdint.h>

/* Allocation number `nth` from now on, counted from 1, and all after it are refused; 0: counts, refuses none.
 */
void refused_memory_from(uint64_t nth);
/* Only that one is. */
void refused_memory_once(uint64_t nth);
/* Nothing is refused from now on. How many were asked for since the last call of the above. */
uint64_t refused_memory_end(void);

#endif
