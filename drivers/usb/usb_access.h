/* Who is to get access to a scanner that this process may not open. Looks at the user database and the
 * process's groups. */
#ifndef FAIRSTOCK_USB_USB_ACCESS_H
#define FAIRSTOCK_USB_USB_ACCESS_H

#include "usb/usb_policy.h"

/* "fairstock" when this process belongs to that group, as the installed service does; else its own group, so
 * that the printed rule works for whoever runs it. A name, or a number where it has none. */
void usb_access_group(char group[USB_GROUP_MAX_BYTES]);

#endif
