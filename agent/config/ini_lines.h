/* The lines of an INI file for inih's ini_parse_stream, with what inih leaves out: it cuts long lines and
 * section names without a word, joins indented lines, reads for ever, and takes a failed read for the end.
 * Owns nothing. */
#ifndef FAIRSTOCK_CONFIG_INI_LINES_H
#define FAIRSTOCK_CONFIG_INI_LINES_H

#include <stdio.h>

#include "base/err.h"

struct ini_lines {
    FILE *file; /* borrowed */
    /* A section begins. 0, or a negative errno with err->text set, which ends the reading. */
    int (*on_section)(void *user, const char *name, struct err *err);
    void *user;
    int line; /* number of the line given last, from 1 */
    size_t bytes;
    int error; /* 0, or why the reading ended early: a negative errno; err says the reason */
    struct err *err;
};

/* ini_reader of inih: gives the next line, without what indents it, or NULL at the end or after an error.
 * user is a struct ini_lines. */
char *ini_lines_next(char *line, int size, void *user);

#endif
