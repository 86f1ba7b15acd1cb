/* Which attached devices are scanners of ours, and what to tell the seller about each: pure. A keyboard is
 * never used because it is a keyboard; only devices of the known table, or ones that the seller had us learn.
 */
#ifndef FAIRSTOCK_USB_USB_POLICY_H
#define FAIRSTOCK_USB_USB_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "usb/usb_facts.h"

enum { USB_LEARNT_MAX = 32, USB_NEXT_MAX_BYTES = 768, USB_GROUP_MAX_BYTES = 33 };

/* A scanner that the seller had us learn. */
struct usb_learnt {
    uint16_t vendor, product;
    char name[NAME_MAX_BYTES + 1]; /* printable ASCII */
};

enum usb_state {
    USB_STATE_NOT_KNOWN = 1, /* could be a scanner: it types */
    USB_STATE_IGNORED,       /* a HID device that types nothing */
    USB_STATE_CHOSEN,        /* known or learnt, not claimed yet */
    USB_STATE_USED,
    USB_STATE_NO_PERMISSION,
    USB_STATE_BUSY,   /* another program holds it */
    USB_STATE_FAILED, /* it does not answer as it should */
};

/* "used", "not known", "no permission", "ignored", "busy", "failed" (and "starting" for CHOSEN). Static. */
const char *usb_policy_state_text(enum usb_state state);

/* NOT_KNOWN, IGNORED or CHOSEN. A known scanner without a keyboard interface (set to another mode) is
 * IGNORED. */
enum usb_state usb_policy_judge(const struct usb_facts *facts, const struct usb_learnt learnt[],
                                size_t count);
/* What a person calls it: its learnt name, else its own, else the table's, else "HID device". name:
 * NAME_MAX_BYTES + 1. */
void usb_policy_name(const struct usb_facts *facts, const struct usb_learnt learnt[], size_t count,
                     char name[NAME_MAX_BYTES + 1]);
/* What to do next, as a sentence with the exact command, "" when nothing. group: who is to have access
 * (NO_PERMISSION). */
void usb_policy_next(const struct usb_facts *facts, enum usb_state state, const char *group,
                     char next[USB_NEXT_MAX_BYTES]);

#endif
