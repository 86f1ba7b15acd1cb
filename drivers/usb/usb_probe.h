/* Reads what a device says of itself, without opening it: descriptors that libusb cached, and the name the
 * kernel read. */
#ifndef FAIRSTOCK_USB_USB_PROBE_H
#define FAIRSTOCK_USB_USB_PROBE_H

#include <libusb-1.0/libusb.h>

#include "base/err.h"
#include "usb/usb_facts.h"

/* Fills facts except id. 0; -ENODEV: not a HID device, or already gone; facts untouched then. May read /sys.
 */
MUST_CHECK int usb_probe(libusb_device *device, struct usb_facts *facts);

#endif
