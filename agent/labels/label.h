/* Draws one barcode as an SVG picture, in memory: zint (its only user). The kind follows from the code
 * itself, so that what a scanner reads off the picture is exactly the code that was given. Owns nothing;
 * writes no files. */
#ifndef FAIRSTOCK_LABELS_LABEL_H
#define FAIRSTOCK_LABELS_LABEL_H

#include "base/buf.h"

enum { LABEL_SVG_MAX_BYTES = 64 * 1024 }; /* enough for the longest code that label_svg takes */

enum label_kind { LABEL_EAN13 = 1, LABEL_EAN8, LABEL_UPCA, LABEL_CODE128 };

/* 13, 8 or 12 digits with a right check digit are EAN-13, EAN-8, UPC-A; everything else is Code 128. */
enum label_kind label_kind(const char *code);

/* Appends a complete <svg> document: black bars on white with the quiet zones that the symbology asks for,
 * and the code in readable text below. Units are modules times two; the picture scales. code:
 * 1…CODE_MAX_BYTES printable ASCII characters. -EINVAL what cannot be a barcode; -E2BIG longer than zint can
 * draw or than out's cap; -ENOMEM. out may hold a part then. */
MUST_CHECK int label_svg(const char *code, struct buf *out, struct err *err);

#endif
