/* What is known of one attached HID device before it is opened: all from its descriptors and the kernel's
 * names. Values only. */
#ifndef FAIRSTOCK_USB_USB_FACTS_H
#define FAIRSTOCK_USB_USB_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

enum { USB_PORT_MAX_BYTES = 24 }; /* "255-1.2.3.4.5.6.7": USB 3.2 allows seven tiers */

struct usb_facts {
    uint32_t id; /* of this attachment, from 1, never given twice by one bus */
    uint16_t vendor, product;
    char port[USB_PORT_MAX_BYTES]; /* where it sits, as the kernel writes it: "1-1.2" */
    char name[NAME_MAX_BYTES + 1]; /* its product string; "" when it has none */
    bool has_keyboard; /* an interface with the keyboard protocol (HID 1.11 section 4.3) and an interrupt IN
                          endpoint */
    bool has_mouse;    /* an interface with the mouse protocol */
    bool speaks_boot;  /* that keyboard interface is of the boot subclass: it must obey SET_PROTOCOL */
    uint8_t interface, endpoint; /* of the first keyboard interface */
};

#endif
