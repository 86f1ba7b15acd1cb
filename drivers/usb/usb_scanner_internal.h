/* The inside of usb_scanner, shared by usb_scanner.c (what happens) and usb_scanner_slots.c (which scanner is
 * which). */
#ifndef FAIRSTOCK_USB_USB_SCANNER_INTERNAL_H
#define FAIRSTOCK_USB_USB_SCANNER_INTERNAL_H

#include "scanner/hid_source.h"
#include "usb/usb_bus.h"
#include "usb/usb_scanner.h"

/* A scanner as the seller knows it, plugged in or not. */
struct slot {
    struct hid_source source;
    uint16_t vendor, product;
    char port[USB_PORT_MAX_BYTES];
    bool taken, attached;
};

/* An attached HID device. */
struct device {
    struct usb_facts facts;
    enum usb_state state;
    struct slot *slot; /* of a chosen device; NULL: none */
};

struct usb_scanner {
    struct loop *loop;
    struct usb_bus *bus;
    struct loop_source *readable, *timer;
    struct usb_scanner_options options;
    struct usb_learnt learnt[USB_LEARNT_MAX];
    size_t learnt_count;
    char group[USB_GROUP_MAX_BYTES];
    struct slot slots[USB_SCANNERS_MAX];
    struct device devices[USB_DEVICES_MAX];
    size_t device_count;
    struct usb_learn learn;
    struct hid_decoder learn_decoder;
    bool listed;      /* what is attached from now on was plugged in just now */
    int64_t armed_ms; /* when the timer fires; INT64_MAX: not armed */
    int64_t retry_ms; /* when to claim again; INT64_MAX: nothing to claim */
};

/* NULL: not attached, or one device more than fit. */
struct device *usb_scanner_find(struct usb_scanner *s, uint32_t id);
/* Gives a chosen device the slot it had before: on this port, else on another; else a fresh one. False: too
 * many scanners. */
bool usb_scanner_give_slot(struct usb_scanner *s, struct device *device);

#endif
