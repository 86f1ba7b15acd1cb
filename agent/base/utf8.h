/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. NUL counts as
 * invalid here: no text of the ledger may carry one. Pure. */
#ifndef FAIRSTOCK_BASE_UTF8_H
#define FAIRSTOCK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character that begins at `at`, of which left (≥ 1) bytes are there; 0 when it is not valid. */
size_t utf8_sequence(const char *at, size_t left);
/* Bytes of the control character at `at` (C0, DEL, or C1 as two bytes: terminals obey U+009B like ESC [), 0
 * when it is another one or the end. */
size_t utf8_control(const char *at);
bool utf8_valid(const char *bytes, size_t length);

#endif
