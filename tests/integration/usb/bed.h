/* Fake USB scanners for an unmodified libusb: umockdev's test bed answers the usbfs ioctls of the program
 * under test.
 *
 * What a fake does as real hardware and the kernel do: URBs complete in order; a stall halts the endpoint
 * until CLEAR_HALT, and an endpoint that still has URBs queued refuses that (as the xHCI driver does);
 * pending URBs of an unplugged device come back as -ESHUTDOWN. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_USB_BED_H
#define FAIRSTOCK_TESTS_INTEGRATION_USB_BED_H

#include <stdbool.h>
#include <stdint.h>

#include "hid_encode.h"

struct bed;
struct fake;

/* What a fake pretends to be. */
enum fake_kind {
    FAKE_KEYBOARD,       /* one boot keyboard interface: a scanner, or a keyboard */
    FAKE_KEYBOARD_MOUSE, /* two interfaces, keyboard and mouse */
    FAKE_MOUSE,
    FAKE_OTHER_HID, /* neither: a scanner in HID point-of-sale mode, a UPS */
};

/* Everything here ends the process with a message when the test bed itself fails. */
struct bed *bed_new(void);
void bed_free(struct bed *bed);

/* Plugs a device in: "1-1" is port 1 of bus 1. */
struct fake *fake_attach(struct bed *bed, const char *port, uint16_t vendor, uint16_t product,
                         const char *name, enum fake_kind kind);
/* Pulls the plug. The fake may be looked at, but types no more. */
void fake_detach(struct fake *fake);
/* Takes away access to its node, to be called before the program runs, and gives it, as udev does when a rule
 * says so. */
void fake_forbid(struct fake *fake);
void fake_allow(struct fake *fake);
/* Announces it as unplugged and plugged in again; the node stays as it is. */
void fake_replug(struct fake *fake);
/* Another program holds the interface. */
void fake_set_busy(struct fake *fake, bool busy);

/* Queues reports; they are handed out as fast as the program asks. */
void fake_type(struct fake *fake, const char *text, enum hid_suffix suffix);
/* Queues a failed transfer: -EPIPE (stall, halts the endpoint), -EPROTO, -EOVERFLOW. */
void fake_break(struct fake *fake, int status);

/* Waits until the program has taken at least so many reports of this fake; false after ten seconds. */
bool fake_wait_taken(struct fake *fake, unsigned reports);
/* How many it has taken. */
unsigned fake_taken(struct fake *fake);

/* What the program did to it so far. */
struct fake_seen {
    unsigned opens;         /* times it was opened */
    unsigned claims;        /* interfaces claimed */
    unsigned releases;      /* interfaces given back */
    unsigned clears;        /* halts cleared */
    unsigned bad_clears;    /* halts that could not be cleared because URBs were queued */
    unsigned in_flight_max; /* URBs queued at once */
    int protocol;           /* last SET_PROTOCOL: 0 boot, 1 report, -1 never */
    bool kernel_driver;     /* the kernel's driver is attached */
};
struct fake_seen fake_seen(struct fake *fake);

#endif
