/* The scanners that the seller had us learn, as the text file `scanners` of the state directory:
 *
 *   # comment
 *   0c2e:0b61 NAME
 *
 * Pure; the app reads and writes the file. */
#ifndef FAIRSTOCK_USB_USB_LEARNT_H
#define FAIRSTOCK_USB_USB_LEARNT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "usb/usb_policy.h"

/* text: the whole file. Fills learnt, at most USB_LEARNT_MAX, and sets *count. 0; -EINVAL with a sentence
 * that names the line, -E2BIG when there are more; *count untouched then. */
MUST_CHECK int usb_learnt_parse(const char *text, struct usb_learnt learnt[USB_LEARNT_MAX], size_t *count,
                                struct err *err);
/* Appends the file's text. */
void usb_learnt_format(const struct usb_learnt learnt[], size_t count, struct buf *text);

#endif
