/* Codes typed or piped in, one a line. White space around a code is dropped, empty lines are ignored. A line
 * longer than CODE_MAX_BYTES is SCANNER_OVERLONG, one with anything but printable ASCII SCANNER_REJECTED. The
 * end of the input is SCANNER_ENDED; a last line without a line end counts. */
#ifndef FAIRSTOCK_SCANNER_SCANNER_STDIN_H
#define FAIRSTOCK_SCANNER_SCANNER_STDIN_H

#include "base/err.h"
#include "scanner/scanner.h"

struct loop;
struct scanner_stdin;

/* fd: borrowed, usually 0; a terminal, pipe, socket, file or /dev/null. Its flags are left alone: the shell
 * shares them. source: the number that the sink gets, 0 by custom. Everything is delivered from the loop,
 * never from this call. */
MUST_CHECK int scanner_stdin_new(struct loop *loop, int fd, uint32_t source, const struct scanner_sink *sink,
                                 struct scanner_stdin **input, struct err *err);
/* Accepts NULL. Tells the sink nothing. */
void scanner_stdin_free(struct scanner_stdin *input);

#endif
