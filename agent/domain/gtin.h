/* Barcodes as one item sees them. A scanned code is brought to one form, so that a product is one item
 * whichever way its label was printed or its scanner set. Pure. Facts: GS1 General Specifications,
 * sections 1.4.2 (prefixes), 3.3.2 (GTIN), 7.9.1 (check digit). */
#ifndef FAIRSTOCK_DOMAIN_GTIN_H
#define FAIRSTOCK_DOMAIN_GTIN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text is all digits, 8, 12, 13 or 14 long, with a right GS1 check digit. */
bool gtin_valid(const char *text);
/* Whether it has the form of a GTIN (length and digits), right check digit or not. */
bool gtin_like(const char *text);
/* Writes the one form: spaces and control characters at both ends removed; a valid UPC-A (12 digits) becomes
 * EAN-13 by a leading 0; a valid GTIN-14 with indicator 0 becomes its EAN-13; an EAN-8 that a scanner sends
 * as 13 (or 14) digits becomes its 8, except the in-store numbers that begin with 0; everything else stays as
 * it is. Cut at size - 1 bytes. */
void gtin_normalise(const char *scanned, char *code, size_t size);

#endif
