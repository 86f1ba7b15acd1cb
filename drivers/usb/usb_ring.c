#include "usb/usb_ring.h"

/* Both counters run freely and wrap; their difference is how many records are inside. */
_Static_assert((USB_RING_RECORDS & (USB_RING_RECORDS - 1)) == 0,
               "the counters wrap at a multiple of the size");

bool usb_ring_push(struct usb_ring *ring, const struct usb_record *record)
{
    unsigned written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    unsigned read = atomic_load_explicit(&ring->read, memory_order_acquire);
    if (written - read == USB_RING_RECORDS)
        return false;
    ring->records[written % USB_RING_RECORDS] = *record;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

bool usb_ring_pop(struct usb_ring *ring, struct usb_record *record)
{
    unsigned read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    unsigned written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (written == read)
        return false;
    *record = ring->records[read % USB_RING_RECORDS];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}
