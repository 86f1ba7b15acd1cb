/* libusb on a thread of its own that only moves bytes: it lists HID devices, claims those that the loop
 * names, and puts what happens into a ring. It keeps reading while the loop waits for a slow card. Decides
 * nothing, decodes nothing, logs nothing.
 *
 * Why a thread: libusb's descriptors cannot all be given to the loop (epoll refuses the plain files of a test
 * bed), and detaching a driver, a control transfer or clearing a halt block. */
#ifndef FAIRSTOCK_USB_USB_BUS_H
#define FAIRSTOCK_USB_USB_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "usb/usb_ring.h"

struct usb_bus;

/* Starts libusb and the thread. Every HID device, present or plugged in later, gives one USB_ATTACHED;
 * USB_LISTED comes between the two kinds. -ENOTSUP, -EACCES… with a sentence when libusb cannot start (no
 * netlink socket, no /dev/bus/usb). */
MUST_CHECK int usb_bus_new(struct usb_bus **bus, struct err *err);
/* Gives everything back and joins the thread; at most USB_BUS_STOP_MS. Accepts NULL. */
void usb_bus_free(struct usb_bus *bus);

enum { USB_BUS_STOP_MS = 2000 };

/* Readable when usb_bus_next may have something. Clear it before draining, so that nothing is missed. */
int usb_bus_fd(const struct usb_bus *bus);
void usb_bus_clear(struct usb_bus *bus);
/* Makes it readable again: the caller left records for its next turn. */
void usb_bus_wake(struct usb_bus *bus);
/* The next record, in the order things happened to each device. USB_ATTACHED: record->facts is the caller's
 * to free(3). False: none. */
bool usb_bus_next(struct usb_bus *bus, struct usb_record *record);

/* Reports wait for room in the ring, so what usb_bus_next gave so far may not be all that arrived. */
bool usb_bus_is_behind(struct usb_bus *bus);

/* Asks for the keyboard interface of a device, or gives it back. USB_READY or USB_FAILED answers a claim; a
 * device that is gone answers nothing but USB_GONE. False: too many requests are waiting; try again later. */
MUST_CHECK bool usb_bus_claim(struct usb_bus *bus, uint32_t device);
MUST_CHECK bool usb_bus_release(struct usb_bus *bus, uint32_t device);

#endif
