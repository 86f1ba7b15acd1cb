/* Whether strace may trace and inject faults here: what these tests cannot do without. Where it may not, a
 * test says SKIP; where it may, whatever fails afterwards is a failure. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_TRACING_H
#define FAIRSTOCK_TESTS_INTEGRATION_TRACING_H

#include <stdbool.h>

enum { EXIT_SKIPPED = 77 };

/* Says SKIP and why on standard output where it may not. */
bool tracing_works(void);

#endif
