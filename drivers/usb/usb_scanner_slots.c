#include "usb/usb_scanner_internal.h"

#include <string.h>

#include "base/log.h"

struct device *usb_scanner_find(struct usb_scanner *s, uint32_t id)
{
    for (size_t i = 0; i < s->device_count; i++)
        if (s->devices[i].facts.id == id)
            return &s->devices[i];
    return NULL;
}

static bool suits(const struct slot *slot, const struct usb_facts *facts, bool same_port)
{
    return slot->taken && !slot->attached && slot->vendor == facts->vendor &&
           slot->product == facts->product && (!same_port || strcmp(slot->port, facts->port) == 0);
}

/* The slot the device had before: on this port, else on another; else a fresh one. NULL: too many scanners.
 */
static struct slot *choose_slot(struct usb_scanner *s, const struct usb_facts *facts)
{
    for (int same_port = 1; same_port >= 0; same_port--)
        for (size_t i = 0; i < USB_SCANNERS_MAX; i++)
            if (suits(&s->slots[i], facts, same_port))
                return &s->slots[i];
    for (size_t i = 0; i < USB_SCANNERS_MAX; i++)
        if (!s->slots[i].taken) {
            hid_source_init(&s->slots[i].source, s->options.first_source + (uint32_t)i, &s->options.sink);
            return &s->slots[i];
        }
    return NULL;
}

bool usb_scanner_give_slot(struct usb_scanner *s, struct device *device)
{
    struct slot *slot = choose_slot(s, &device->facts);
    if (!slot) {
        log_warning("more than %d scanners: %04x:%04x on %s is left alone", USB_SCANNERS_MAX,
                    device->facts.vendor, device->facts.product, device->facts.port);
        return false;
    }
    slot->taken = slot->attached = true;
    slot->vendor = device->facts.vendor;
    slot->product = device->facts.product;
    memcpy(slot->port, device->facts.port, sizeof slot->port);
    device->slot = slot;
    return true;
}
