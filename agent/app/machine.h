/* What tells this machine and this card from others, as far as an ordinary account can read it. Read at each
 * start; a ledger that wakes up elsewhere asks its seller (docs/decisions/0018). Nothing of it leaves the
 * device: the ledger keeps eight bytes of a salted hash. */
#ifndef FAIRSTOCK_APP_MACHINE_H
#define FAIRSTOCK_APP_MACHINE_H

#include "base/buf.h"

enum { MACHINE_TEXT_MAX_BYTES = 1024 };

/* Appends one line for each identity that can be read: the board's serial number (device tree), the system's
 * machine id, and the serial number or world-wide id of the disk that holds `directory`. root: "" for the
 * system's own files, or a folder that stands for /. Nothing readable appends nothing: then a move cannot be
 * noticed. */
void machine_describe(const char *root, const char *directory, struct buf *text);

#endif
