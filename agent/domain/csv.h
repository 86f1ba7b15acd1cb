/* CSV rows as RFC 4180 has them, from a text in memory. Pure, bounded by CSV_ROW_MAX_BYTES a row. Accepts LF,
 * CR LF and CR, a UTF-8 byte order mark, quotes doubled inside quotes, and ";" as separator when the header
 * has no comma (spreadsheets of many countries write that). */
#ifndef FAIRSTOCK_DOMAIN_CSV_H
#define FAIRSTOCK_DOMAIN_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum { CSV_FIELDS_MAX = 32 };

struct csv {
    const char *at, *end;
    char separator;
    uint32_t line; /* number of the line on which the last row began, from 1 */
    uint32_t next_line;
    char row[CSV_ROW_MAX_BYTES];
    const char *fields[CSV_FIELDS_MAX]; /* NUL-terminated, in row */
    int field_count;
};

enum csv_result { CSV_END, CSV_ROW, CSV_TOO_LONG, CSV_TOO_MANY_FIELDS, CSV_BAD_QUOTES, CSV_NO_TEXT };

/* text is borrowed. */
void csv_start(struct csv *csv, const char *text, size_t length);
/* The next row; empty lines are skipped. A bad row ends with its first line, whatever its quotes say: the
 * next call goes on behind that. CSV_NO_TEXT: a NUL byte. */
enum csv_result csv_next(struct csv *csv);

#endif
