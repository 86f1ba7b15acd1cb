/* Scanner input from a text file or FIFO (sim_line.h has the format). What it delivers went through the same
 * decoder as a real scanner's reports. Times within a recording are kept on the recording's own clock, so a
 * slow machine never splits a code.
 *
 * A plain file ends the source (SCANNER_ENDED) and is checked whole before anything is played. A FIFO stays
 * open; several writers may write to it, each whole lines of at most PIPE_BUF bytes a write(2); a malformed
 * line there is named (SCANNER_REJECTED) and skipped. */
#ifndef FAIRSTOCK_SCANNER_SCANNER_SIM_H
#define FAIRSTOCK_SCANNER_SCANNER_SIM_H

#include "base/err.h"
#include "scanner/scanner.h"

struct loop;
struct scanner_sim;

/* path: of a plain file or FIFO. source: the number that the sink gets. The first notice (SCANNER_READY) and
 * everything else come from the loop, never from this call. 0; -EINVAL with "PATH:LINE: …" for a malformed
 * line of a plain file, or for a path that is neither; another negative errno when it cannot be opened. */
MUST_CHECK int scanner_sim_new(struct loop *loop, const char *path, uint32_t source,
                               const struct scanner_sink *sink, struct scanner_sim **sim, struct err *err);
/* Accepts NULL. Tells the sink nothing. */
void scanner_sim_free(struct scanner_sim *sim);

#endif
