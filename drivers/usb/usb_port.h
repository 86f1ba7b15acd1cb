/* One attached HID device on the USB thread: open, claim, keep transfers in flight, repair, give back.
 * Everything here runs on that thread and nothing else does; libusb may call back only while it handles
 * events. Decides nothing: what to claim comes from the loop, what arrives goes to the ring. */
#ifndef FAIRSTOCK_USB_USB_PORT_H
#define FAIRSTOCK_USB_USB_PORT_H

#include <libusb-1.0/libusb.h>

#include "base/err.h"
#include "usb/usb_facts.h"
#include "usb/usb_ring.h"

struct usb_port;

/* Where records go. False: full, to be tried again from usb_port_work. */
typedef bool usb_port_push_fn(void *user, const struct usb_record *record);

/* device: a reference of its own is taken. NULL when out of memory. */
struct usb_port *usb_port_new(libusb_device *device, const struct usb_facts *facts, usb_port_push_fn *push,
                              void *user);
uint32_t usb_port_id(const struct usb_port *port);
const libusb_device *usb_port_device(const struct usb_port *port);

/* Detaches the kernel's driver, claims the keyboard interface and starts reading. USB_READY or USB_FAILED
 * follows. May block shortly (control transfer, driver detach). Does nothing when it is claimed already. */
void usb_port_claim(struct usb_port *port);
/* Stops reading and gives the interface back to the kernel, as soon as the transfers are back. */
void usb_port_release(struct usb_port *port);
/* The device is unplugged: USB_GONE follows. */
void usb_port_gone(struct usb_port *port);

/* Whatever waits outside libusb's callbacks: repair, giving back, records that found the ring full. Call
 * after handling events. Returns when it wants to be called again at the latest (CLOCK_MONOTONIC ms),
 * INT64_MAX: after events only. */
int64_t usb_port_work(struct usb_port *port, int64_t now_ms);
/* The device is unplugged, told or not. */
bool usb_port_is_gone(const struct usb_port *port);
/* It is unplugged and USB_GONE was not delivered yet. */
bool usb_port_is_leaving(const struct usb_port *port);
/* Reports wait for room in the ring. */
bool usb_port_is_behind(const struct usb_port *port);
/* USB_GONE was delivered and everything is given back: it may be freed. */
bool usb_port_is_done(const struct usb_port *port);
/* Nothing is open or in flight: it may be freed. */
bool usb_port_is_closed(const struct usb_port *port);
/* Only a closed port; accepts NULL. */
void usb_port_free(struct usb_port *port);

#endif
