#include "usb/usb_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LANES = 4,       /* transfers in flight, so that no report waits for a resubmission */
    LANE_BYTES = 64, /* wMaxPacketSize of a full-speed interrupt endpoint at most: USB 2.0 section 5.7.3 */
    CONTROL_TIMEOUT_MS = 250,
    REPAIRS_MAX = 5,     /* in a row, without one good report in between */
    REPAIR_WAIT_MS = 20, /* before the second repair; doubled each time */
    RING_RETRY_MS = 10,
    GONE_WAIT_MS = 300,      /* for reports that were on their way when the plug was pulled */
    HID_SET_PROTOCOL = 0x0b, /* HID 1.11 section 7.2.6 */
    HID_REQUEST_OUT = 0x21,  /* class request to an interface */
    PROTOCOL_BOOT = 0,
    PROTOCOL_REPORT = 1,
};

enum port_state {
    PORT_IDLE,      /* not opened */
    PORT_READING,   /* claimed, transfers in flight */
    PORT_REPAIRING, /* a transfer failed; once the others are back the halt is cleared */
    PORT_CLOSING,   /* once the transfers are back the interface is given back */
};

/* One transfer and its memory. */
struct lane {
    struct usb_port *port;
    struct libusb_transfer *transfer; /* NULL while not opened */
    bool in_flight;
    uint8_t buffer[LANE_BYTES];
};

struct usb_port {
    libusb_device *device;
    libusb_device_handle *handle;
    struct usb_facts facts;
    usb_port_push_fn *push;
    void *user;
    enum port_state state;
    bool gone, gone_told;
    int64_t gone_at_ms;
    unsigned repairs;
    int64_t repair_at_ms;
    /* What waits to be told, in this order: parked reports, then the others. */
    struct usb_record parked[LANES]; /* reports that found the ring full, oldest first */
    unsigned parked_count;
    bool tell_broken, tell_ready;
    int tell_failed; /* negative errno; 0: nothing to tell */
    struct lane lanes[LANES];
};

static int64_t now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int errno_of(int libusb_error)
{
    switch (libusb_error) {
    case LIBUSB_ERROR_ACCESS:
        return -EACCES;
    case LIBUSB_ERROR_BUSY:
        return -EBUSY;
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return -ENODEV;
    case LIBUSB_ERROR_NO_MEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

/* ---- records ---- */

static bool tell(struct usb_port *port, enum usb_record_kind kind, int error)
{
    struct usb_record record = {.kind = kind, .device = port->facts.id, .at_ms = now(), .error = error};
    return port->push(port->user, &record);
}

/* Tells what waits, in the order it happened. False: the ring is full. */
static bool tell_waiting(struct usb_port *port)
{
    unsigned told = 0;
    for (; told < port->parked_count; told++) {
        port->parked[told].at_ms = now();
        if (!port->push(port->user, &port->parked[told]))
            break;
    }
    port->parked_count -= told;
    memmove(port->parked, port->parked + told, port->parked_count * sizeof *port->parked);
    if (port->parked_count)
        return false;
    if (port->tell_broken && !tell(port, USB_BROKEN, 0))
        return false;
    port->tell_broken = false;
    if (port->tell_ready && !tell(port, USB_READY, 0))
        return false;
    port->tell_ready = false;
    if (port->tell_failed && !tell(port, USB_FAILED, port->tell_failed))
        return false;
    port->tell_failed = 0;
    return true;
}

/* ---- transfers ---- */

static bool in_flight(const struct usb_port *port)
{
    for (int i = 0; i < LANES; i++)
        if (port->lanes[i].in_flight)
            return true;
    return false;
}

static void cancel_all(struct usb_port *port)
{
    for (int i = 0; i < LANES; i++)
        if (port->lanes[i].in_flight) /* an error means that it is on its way back already */
            (void)libusb_cancel_transfer(port->lanes[i].transfer);
}

static void begin_repair(struct usb_port *port)
{
    if (port->state != PORT_READING)
        return;
    port->state = PORT_REPAIRING;
    port->tell_broken = true; /* now: reports that were queued behind the failed one may still come */
    (void)tell_waiting(port);
    port->repair_at_ms = port->repairs ? now() + (REPAIR_WAIT_MS << (port->repairs - 1)) : now();
    cancel_all(port);
}

static void submit(struct lane *lane)
{
    int r = libusb_submit_transfer(lane->transfer);
    if (r == 0)
        lane->in_flight = true;
    else if (r == LIBUSB_ERROR_NO_DEVICE)
        usb_port_gone(lane->port);
    else
        begin_repair(lane->port);
}

/* Not while reports wait for room: the device then has to wait, as USB lets it, and nothing is lost. */
static void submit_idle_lanes(struct usb_port *port)
{
    for (int i = 0; i < LANES; i++)
        if (port->state == PORT_READING && !port->parked_count && !port->lanes[i].in_flight)
            submit(&port->lanes[i]);
}

static void take_report(struct usb_port *port, const struct libusb_transfer *transfer)
{
    struct usb_record record = {.kind = USB_REPORT, .device = port->facts.id, .at_ms = now()};
    int length = transfer->actual_length < USB_RECORD_BYTES ? transfer->actual_length : USB_RECORD_BYTES;
    if (port->gone_told || length <= 0)
        return;
    record.length = (uint8_t)length;
    memcpy(record.bytes, transfer->buffer, (size_t)length);
    port->repairs = 0;
    if (tell_waiting(port) && port->push(port->user, &record))
        return;
    record.late = true;
    port->parked[port->parked_count++] = record;
}

static void LIBUSB_CALL transfer_done(struct libusb_transfer *transfer)
{
    struct lane *lane = transfer->user_data;
    struct usb_port *port = lane->port;
    lane->in_flight = false;
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        take_report(port, transfer);
        submit_idle_lanes(port);
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        usb_port_gone(port);
        break;
    case LIBUSB_TRANSFER_CANCELLED:
        break;
    case LIBUSB_TRANSFER_STALL:
    case LIBUSB_TRANSFER_ERROR:
    case LIBUSB_TRANSFER_OVERFLOW:
    case LIBUSB_TRANSFER_TIMED_OUT:
        begin_repair(port);
        break;
    }
}

/* ---- claiming ---- */

/* Boot devices start in report protocol, whose layout is the device's own; the boot protocol asks for the
 * eight bytes that we decode. Some scanners stall this request and send the eight bytes anyway, so the answer
 * is not looked at. */
static void set_protocol(struct usb_port *port, uint16_t protocol)
{
    if (port->facts.speaks_boot)
        (void)libusb_control_transfer(port->handle, HID_REQUEST_OUT, HID_SET_PROTOCOL, protocol,
                                      port->facts.interface, NULL, 0, CONTROL_TIMEOUT_MS);
}

static void close_handle(struct usb_port *port)
{
    for (int i = 0; i < LANES; i++) {
        libusb_free_transfer(port->lanes[i].transfer);
        port->lanes[i].transfer = NULL;
    }
    libusb_close(port->handle);
    port->handle = NULL;
    port->state = PORT_IDLE;
}

/* Gives the interface back, with the kernel's driver as it was. */
static void give_back(struct usb_port *port)
{
    if (!port->gone) {
        set_protocol(port, PROTOCOL_REPORT);
        (void)libusb_release_interface(port->handle, port->facts.interface);
    }
    close_handle(port);
}

static int fill_lane(struct usb_port *port, struct lane *lane)
{
    lane->transfer = libusb_alloc_transfer(0);
    if (!lane->transfer)
        return LIBUSB_ERROR_NO_MEM;
    libusb_fill_interrupt_transfer(lane->transfer, port->handle, port->facts.endpoint, lane->buffer,
                                   LANE_BYTES, transfer_done, lane, 0);
    return 0;
}

static int open_handle(struct usb_port *port)
{
    int r = libusb_open(port->device, &port->handle);
    if (r < 0) {
        port->handle = NULL;
        return r;
    }
    (void)libusb_set_auto_detach_kernel_driver(port->handle,
                                               1); /* refused only where there is no driver to detach */
    r = libusb_claim_interface(port->handle, port->facts.interface);
    for (int i = 0; i < LANES && r == 0; i++)
        r = fill_lane(port, &port->lanes[i]);
    return r;
}

void usb_port_claim(struct usb_port *port)
{
    if (port->gone || port->state != PORT_IDLE)
        return;
    int r = open_handle(port);
    if (r < 0) {
        if (port->handle)
            close_handle(port);
        port->tell_failed = errno_of(r);
        return;
    }
    set_protocol(port, PROTOCOL_BOOT);
    port->state = PORT_READING;
    port->repairs = 0;
    port->tell_ready = true;
    (void)tell_waiting(port); /* before the first report */
    submit_idle_lanes(port);
}

void usb_port_release(struct usb_port *port)
{
    if (port->state != PORT_READING && port->state != PORT_REPAIRING)
        return;
    port->state = PORT_CLOSING;
    cancel_all(port);
}

void usb_port_gone(struct usb_port *port)
{
    if (port->gone)
        return;
    port->gone = true;
    port->gone_at_ms = now();
    usb_port_release(port);
}

/* ---- work outside callbacks ---- */

static void fail(struct usb_port *port, int error)
{
    port->tell_failed = error;
    port->state = PORT_CLOSING;
}

/* All transfers are back: the kernel does not reset a halted endpoint that still has transfers queued. */
static void repair(struct usb_port *port)
{
    if (++port->repairs > REPAIRS_MAX) {
        fail(port, -EIO);
        return;
    }
    int r = libusb_clear_halt(port->handle, port->facts.endpoint);
    if (r == LIBUSB_ERROR_NO_DEVICE || r == LIBUSB_ERROR_NOT_FOUND) {
        usb_port_gone(port);
    } else if (r < 0) {
        port->repair_at_ms = now() + (REPAIR_WAIT_MS << (port->repairs - 1));
    } else {
        port->state = PORT_READING;
    }
}

/* Reports that were on their way come before it, if they come soon. */
static bool tell_gone(struct usb_port *port, int64_t now_ms)
{
    if (!usb_port_is_leaving(port))
        return true;
    if (in_flight(port) && now_ms < port->gone_at_ms + GONE_WAIT_MS)
        return true;
    port->gone_told = tell(port, USB_GONE, 0);
    return port->gone_told;
}

static int64_t next_work(const struct usb_port *port, int64_t now_ms, bool all_told)
{
    if (!all_told)
        return now_ms + RING_RETRY_MS;
    if (usb_port_is_leaving(port))
        return port->gone_at_ms + GONE_WAIT_MS;
    return port->state == PORT_REPAIRING && !in_flight(port) ? port->repair_at_ms : INT64_MAX;
}

int64_t usb_port_work(struct usb_port *port, int64_t now_ms)
{
    bool told = tell_waiting(port);
    if (port->state == PORT_REPAIRING && !in_flight(port) && now_ms >= port->repair_at_ms)
        repair(port);
    submit_idle_lanes(port);
    if (port->state == PORT_CLOSING && !in_flight(port))
        give_back(port);
    told = told && tell_waiting(port) && tell_gone(port, now_ms);
    return next_work(port, now_ms, told);
}

/* ---- life ---- */

struct usb_port *usb_port_new(libusb_device *device, const struct usb_facts *facts, usb_port_push_fn *push,
                              void *user)
{
    struct usb_port *port = calloc(1, sizeof *port);
    if (!port)
        return NULL;
    port->device = libusb_ref_device(device);
    port->facts = *facts;
    port->push = push;
    port->user = user;
    for (int i = 0; i < LANES; i++)
        port->lanes[i].port = port;
    return port;
}

void usb_port_free(struct usb_port *port)
{
    if (!port)
        return;
    libusb_unref_device(port->device);
    free(port);
}

uint32_t usb_port_id(const struct usb_port *port)
{
    return port->facts.id;
}

const libusb_device *usb_port_device(const struct usb_port *port)
{
    return port->device;
}

bool usb_port_is_gone(const struct usb_port *port)
{
    return port->gone;
}

bool usb_port_is_leaving(const struct usb_port *port)
{
    return port->gone && !port->gone_told;
}

bool usb_port_is_behind(const struct usb_port *port)
{
    return port->parked_count > 0;
}

bool usb_port_is_closed(const struct usb_port *port)
{
    return port->state == PORT_IDLE;
}

bool usb_port_is_done(const struct usb_port *port)
{
    return port->gone_told && usb_port_is_closed(port);
}
