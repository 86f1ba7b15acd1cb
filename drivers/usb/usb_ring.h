/* Fixed records from exactly one thread to exactly one other, without locks: the USB thread must never wait
 * for the loop, nor the loop for it. Full means full: nothing is overwritten, the writer keeps its record and
 * tries again. */
#ifndef FAIRSTOCK_USB_USB_RING_H
#define FAIRSTOCK_USB_USB_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct usb_facts;

/* A power of two. 36 EAN-13 scans fit while the loop waits for a slow card; then the scanner itself is made
 * to wait. */
enum { USB_RING_RECORDS = 1024, USB_RECORD_BYTES = 8 };

enum usb_record_kind {
    /* from the bus to the loop */
    USB_ATTACHED = 1, /* facts: taken over by the reader (free(3)) */
    USB_READY,        /* claimed, transfers are in flight */
    USB_FAILED,       /* claiming it failed, or it stopped working; error says how. It can be claimed again */
    USB_REPORT,       /* one interrupt transfer: bytes, at most USB_RECORD_BYTES of it */
    USB_BROKEN,       /* a stall or bus error is being repaired; reports may be missing here */
    USB_GONE,         /* unplugged: nothing of this device follows */
    USB_LISTED,       /* every device that was present at the start has been told */
    USB_LOST,         /* the bus itself stopped working; error says how */
    /* from the loop to the bus */
    USB_CLAIM,
    USB_RELEASE,
};

struct usb_record {
    enum usb_record_kind kind;
    uint32_t device; /* usb_facts.id */
    int64_t at_ms;   /* CLOCK_MONOTONIC when it happened */
    union {
        struct usb_facts *facts;
        int error; /* negative errno */
        struct {
            bool late; /* it waited for room in the ring; at_ms is when it got in */
            uint8_t length;
            uint8_t bytes[USB_RECORD_BYTES];
        };
    };
};

/* Zero-initialise. */
struct usb_ring {
    _Alignas(64) atomic_uint written; /* apart, so that the two threads do not fight over one cache line */
    _Alignas(64) atomic_uint read;
    struct usb_record records[USB_RING_RECORDS];
};

/* The writing thread only. False: full, nothing was stored. */
bool usb_ring_push(struct usb_ring *ring, const struct usb_record *record);
/* The reading thread only. False: empty, record untouched. */
bool usb_ring_pop(struct usb_ring *ring, struct usb_record *record);

#endif
