/* Money: int64 minor units with an ISO 4217 currency. Pure. No floating point anywhere. */
#ifndef FAIRSTOCK_DOMAIN_MONEY_H
#define FAIRSTOCK_DOMAIN_MONEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { MONEY_TEXT_BYTES = 32 };

/* Digits after the point: 0 for JPY, KRW, ISK…; 3 for BHD, KWD, TND…; 2 else (ISO 4217:2015 table A.1). */
int money_exponent(const char *currency);
/* "24.50" → 2450. Plain digits with an optional sign and "." or "," before at most the currency's digits; no
 * grouping. -EINVAL not money, -ERANGE too large. */
MUST_CHECK int money_parse(const char *text, const char *currency, int64_t *minor);
/* 2450 → "24.50". */
void money_format(int64_t minor, const char *currency, char *text, size_t size);

#endif
