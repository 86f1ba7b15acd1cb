/* Makes the product's own statements weaker, for controls: what passes sqlite3_exec is changed on its way
 * (--wrap). */
#ifndef TORTURE_DISK_WEAKEN_H
#define TORTURE_DISK_WEAKEN_H

#include <stdbool.h>
#include <stdint.h>

/* "synchronous = FULL" becomes NORMAL. */
void weaken_synchronous(bool normal);
/* How many statements were changed so far. */
uint64_t weaken_count(void);

#endif
