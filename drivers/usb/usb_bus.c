#include "usb/usb_bus.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "usb/usb_port.h"
#include "usb/usb_probe.h"

enum {
    DEVICES_MAX = 64, /* HID devices attached at once; a full hub tree of them is more than a stall has */
    CHANGES_MAX =
        512, /* plugged or unplugged between two turns of the thread; at the start, all devices there are */
    RETRY_MS = 10,
    IDLE_WAIT_MS = 60000,
};

/* libusb says what was plugged and unplugged while it handles events; the thread looks at it afterwards. */
struct change {
    libusb_device *device; /* a reference of ours */
    bool arrived;
};

struct usb_bus {
    struct usb_ring records;  /* thread → loop */
    struct usb_ring requests; /* loop → thread */
    atomic_bool stop, behind;
    int event_fd;
    libusb_context *context;
    pthread_t thread;
    /* From here on the thread's own. */
    struct change changes[CHANGES_MAX];
    unsigned change_count;
    struct usb_port *ports[DEVICES_MAX];
    unsigned port_count;
    uint32_t last_id;
    bool listed; /* USB_LISTED was told */
    bool stuck;  /* transfers never came back */
    int lost;    /* libusb's error, to be told once */
};

static int64_t now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- the thread ---- */

static bool push(void *user, const struct usb_record *record)
{
    struct usb_bus *bus = user;
    if (!usb_ring_push(&bus->records, record)) {
        atomic_store(&bus->behind, true);
        return false;
    }
    usb_bus_wake(bus);
    return true;
}

/* libusb allows little in here: only note it. */
static int LIBUSB_CALL on_hotplug(libusb_context *context, libusb_device *device, libusb_hotplug_event event,
                                  void *user)
{
    struct usb_bus *bus = user;
    (void)context;
    if (bus->change_count == CHANGES_MAX)
        bus->lost = LIBUSB_ERROR_OVERFLOW;
    else
        bus->changes[bus->change_count++] =
            (struct change){libusb_ref_device(device), event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED};
    return 0;
}

static struct usb_port *find_port(struct usb_bus *bus, uint32_t id)
{
    for (unsigned i = 0; i < bus->port_count; i++)
        if (usb_port_id(bus->ports[i]) == id)
            return bus->ports[i];
    return NULL;
}

/* libusb may announce a device twice when it was plugged in while we started. */
static bool is_listed(const struct usb_bus *bus, const libusb_device *device)
{
    for (unsigned i = 0; i < bus->port_count; i++)
        if (usb_port_device(bus->ports[i]) == device && !usb_port_is_gone(bus->ports[i]))
            return true;
    return false;
}

static bool any_leaving(const struct usb_bus *bus)
{
    for (unsigned i = 0; i < bus->port_count; i++)
        if (usb_port_is_leaving(bus->ports[i]))
            return true;
    return false;
}

/* False: it has to be tried again: no memory, the ring is full, or a device that left must be told first, for
 * this may be the same one plugged in again. A device that is not HID is simply not of interest. */
static bool add_device(struct usb_bus *bus, libusb_device *device)
{
    struct usb_facts facts;
    if (bus->port_count == DEVICES_MAX || is_listed(bus, device) || usb_probe(device, &facts) < 0)
        return true;
    if (any_leaving(bus))
        return false;
    facts.id = bus->last_id + 1;
    struct usb_facts *copy = malloc(sizeof *copy);
    struct usb_port *port = usb_port_new(device, &facts, push, bus);
    struct usb_record record = {.kind = USB_ATTACHED, .device = facts.id, .at_ms = now(), .facts = copy};
    if (copy)
        *copy = facts;
    if (!copy || !port || !push(bus, &record)) {
        free(copy);
        usb_port_free(port);
        return false;
    }
    bus->last_id = facts.id;
    bus->ports[bus->port_count++] = port;
    return true;
}

static void drop_device(struct usb_bus *bus, const libusb_device *device)
{
    for (unsigned i = 0; i < bus->port_count; i++)
        if (usb_port_device(bus->ports[i]) == device)
            usb_port_gone(bus->ports[i]);
}

/* Looks at what was plugged and unplugged, in order; stops where something has to be tried again. */
static bool take_changes(struct usb_bus *bus)
{
    unsigned taken = 0;
    for (; taken < bus->change_count; taken++) {
        struct change *change = &bus->changes[taken];
        if (!change->arrived)
            drop_device(bus, change->device);
        else if (!add_device(bus, change->device))
            break;
        libusb_unref_device(change->device);
    }
    bus->change_count -= taken;
    for (unsigned i = 0; i < bus->change_count; i++)
        bus->changes[i] = bus->changes[i + taken];
    return bus->change_count == 0;
}

static void take_requests(struct usb_bus *bus)
{
    struct usb_record request;
    while (usb_ring_pop(&bus->requests, &request)) {
        struct usb_port *port = find_port(bus, request.device);
        if (port && request.kind == USB_CLAIM)
            usb_port_claim(port);
        else if (port && request.kind == USB_RELEASE)
            usb_port_release(port);
    }
}

static int64_t work_ports(struct usb_bus *bus)
{
    int64_t next_ms = INT64_MAX;
    unsigned kept = 0;
    bool behind = false;
    for (unsigned i = 0; i < bus->port_count; i++) {
        struct usb_port *port = bus->ports[i];
        int64_t at_ms = usb_port_work(port, now());
        if (usb_port_is_done(port)) {
            usb_port_free(port);
            continue;
        }
        next_ms = at_ms < next_ms ? at_ms : next_ms;
        behind = behind || usb_port_is_behind(port);
        bus->ports[kept++] = port;
    }
    bus->port_count = kept;
    atomic_store(&bus->behind, behind);
    return next_ms;
}

/* Lets libusb work until something happens, at most until at_ms. Returns libusb's error. */
static int handle_events(struct usb_bus *bus, int64_t at_ms)
{
    int64_t wait_ms = at_ms - now();
    if (wait_ms > IDLE_WAIT_MS)
        wait_ms = IDLE_WAIT_MS;
    if (wait_ms < 0)
        wait_ms = 0;
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    return libusb_handle_events_timeout_completed(bus->context, &wait, NULL);
}

static bool all_closed(const struct usb_bus *bus)
{
    for (unsigned i = 0; i < bus->port_count; i++)
        if (!usb_port_is_closed(bus->ports[i]))
            return false;
    return true;
}

/* Gives everything back. A port whose transfers never return (a kernel fault) is left as it is: its memory is
 * still theirs. */
static void close_ports(struct usb_bus *bus)
{
    int64_t until_ms = now() + USB_BUS_STOP_MS;
    for (unsigned i = 0; i < bus->port_count; i++)
        usb_port_release(bus->ports[i]);
    while (!all_closed(bus) && !bus->lost && now() < until_ms) {
        (void)handle_events(bus, now() + 10);
        (void)work_ports(bus);
    }
    for (unsigned i = 0; i < bus->port_count; i++)
        if (usb_port_is_closed(bus->ports[i]))
            usb_port_free(bus->ports[i]);
        else
            bus->stuck = true;
}

static void *run(void *user)
{
    struct usb_bus *bus = user;
    while (!atomic_load(&bus->stop) && !bus->lost) {
        take_requests(bus);
        bool all_taken = take_changes(bus);
        if (all_taken && !bus->listed)
            bus->listed = push(bus, &(struct usb_record){.kind = USB_LISTED, .at_ms = now()});
        int64_t next_ms = work_ports(bus);
        if ((!all_taken || !bus->listed) && now() + RETRY_MS < next_ms)
            next_ms = now() + RETRY_MS;
        int r = handle_events(bus, next_ms);
        if (r < 0 && r != LIBUSB_ERROR_INTERRUPTED)
            bus->lost = r;
    }
    struct usb_record record = {.kind = USB_LOST, .at_ms = now(), .error = -EIO};
    while (bus->lost && !push(bus, &record) && !atomic_load(&bus->stop))
        (void)poll(NULL, 0, RETRY_MS); /* the ring is full while the loop waits for the disk */
    close_ports(bus);
    return NULL;
}

/* ---- the loop's side ---- */

static int start_libusb(struct usb_bus *bus, struct err *err)
{
    int r = libusb_init(&bus->context);
    if (r < 0) {
        bus->context = NULL;
        return err_set(
            err, -ENOTSUP,
            "USB cannot be used: libusb does not start (%s). It needs /dev/bus/usb and a netlink socket",
            libusb_strerror(r));
    }
    r = libusb_hotplug_register_callback(
        bus->context, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
        LIBUSB_HOTPLUG_ENUMERATE, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
        LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, bus, NULL);
    if (r < 0)
        return err_set(err, -ENOTSUP, "USB cannot be used: no word of devices plugged in (%s)",
                       libusb_strerror(r));
    return 0;
}

/* Signals are the loop's business. */
static int start_thread(struct usb_bus *bus)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&bus->thread, NULL, run, bus);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

static void release_bus(struct usb_bus *bus)
{
    for (unsigned i = 0; i < bus->change_count; i++)
        libusb_unref_device(bus->changes[i].device);
    struct usb_record record;
    while (usb_ring_pop(&bus->records, &record))
        if (record.kind == USB_ATTACHED)
            free(record.facts);
    if (bus->context && !bus->stuck)
        libusb_exit(bus->context);
    if (bus->event_fd >= 0)
        (void)close(bus->event_fd);
    free(bus);
}

int usb_bus_new(struct usb_bus **bus, struct err *err)
{
    struct usb_bus *made = aligned_alloc(_Alignof(struct usb_bus), sizeof *made);
    if (!made)
        return err_set_errno(err, -ENOMEM, "starting USB");
    memset(made, 0, sizeof *made);
    made->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = made->event_fd < 0 ? err_set_errno(err, -errno, "starting USB") : start_libusb(made, err);
    if (r == 0) {
        r = start_thread(made);
        if (r < 0)
            (void)err_set_errno(err, r, "starting USB");
    }
    if (r < 0) {
        release_bus(made);
        return r;
    }
    *bus = made;
    return 0;
}

void usb_bus_free(struct usb_bus *bus)
{
    if (!bus)
        return;
    atomic_store(&bus->stop, true);
    libusb_interrupt_event_handler(bus->context);
    (void)pthread_join(bus->thread, NULL);
    release_bus(bus);
}

int usb_bus_fd(const struct usb_bus *bus)
{
    return bus->event_fd;
}

void usb_bus_clear(struct usb_bus *bus)
{
    eventfd_t count;
    (void)eventfd_read(bus->event_fd, &count); /* EAGAIN: nothing to clear */
}

void usb_bus_wake(struct usb_bus *bus)
{
    (void)eventfd_write(bus->event_fd, 1); /* fails when 2^64 - 2 are unread; then it is readable anyway */
}

bool usb_bus_next(struct usb_bus *bus, struct usb_record *record)
{
    return usb_ring_pop(&bus->records, record);
}

bool usb_bus_is_behind(struct usb_bus *bus)
{
    return atomic_load(&bus->behind);
}

static bool ask(struct usb_bus *bus, enum usb_record_kind kind, uint32_t device)
{
    struct usb_record request = {.kind = kind, .device = device};
    if (!usb_ring_push(&bus->requests, &request))
        return false;
    libusb_interrupt_event_handler(bus->context);
    return true;
}

bool usb_bus_claim(struct usb_bus *bus, uint32_t device)
{
    return ask(bus, USB_CLAIM, device);
}

bool usb_bus_release(struct usb_bus *bus, uint32_t device)
{
    return ask(bus, USB_RELEASE, device);
}
