/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. NUL counts as
 * invalid here: no text of the ledger may carry one. Pure. */
#ifndef FAIRSTOCK_DOMAIN_UTF8_H
#define FAIRSTOCK_DOMAIN_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *bytes, size_t length);

#endif
