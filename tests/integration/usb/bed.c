#include "bed.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 2, PATIENCE_US = 10 * 1000 * 1000, KEYBOARD_ENDPOINT = 0x81, SET_PROTOCOL = 0x0b };

/* How one URB will end. */
struct ending {
    int status;
    uint8_t report[HID_ENCODE_REPORT_BYTES];
};

/* One URB of the program: its struct and its buffer, in our memory. */
struct urb {
    UMockdevIoctlData *data, *buffer;
};

struct fake {
    struct bed *bed;
    char *port, *sys_path, node[64];
    UMockdevIoctlBase *handler;
    GMutex lock;
    GCond moved;
    GQueue endings, queued, done; /* struct ending; struct urb not ended; struct urb to be reaped */
    bool gone, halted, busy;
    unsigned taken;
    struct fake_seen seen;
};

struct bed {
    UMockdevTestbed *testbed;
    int last_address;
    GPtrArray *fakes;
};

static _Noreturn void give_up(const char *what, const GError *error)
{
    (void)fprintf(stderr, "bed: %s: %s\n", what, error ? error->message : "failed");
    exit(9);
}

/* ---- URBs ---- */

static struct usbdevfs_urb *urb_of(const struct urb *urb)
{
    return (struct usbdevfs_urb *)(void *)urb->data->data;
}

static void urb_free(gpointer pointer)
{
    struct urb *urb = pointer;
    g_object_unref(urb->buffer);
    g_object_unref(urb->data);
    g_free(urb);
}

static void end_urb(struct fake *fake, struct urb *urb, int status)
{
    urb_of(urb)->status = status;
    g_queue_push_tail(&fake->done, urb);
}

/* Ends as many queued URBs as there are endings for. */
static void end_some(struct fake *fake)
{
    while (fake->gone && fake->queued.length)
        end_urb(fake, g_queue_pop_head(&fake->queued), -ESHUTDOWN);
    if (!fake->gone && fake->halted &&
        fake->queued.length) { /* a halted endpoint stalls whatever is asked of it */
        end_urb(fake, g_queue_pop_head(&fake->queued), -EPIPE);
        return;
    }
    while (!fake->gone && !fake->halted && fake->queued.length && fake->endings.length) {
        struct ending *ending = g_queue_pop_head(&fake->endings);
        struct urb *urb = g_queue_pop_head(&fake->queued);
        struct usbdevfs_urb *raw = urb_of(urb);
        if (ending->status == 0) {
            raw->actual_length = MIN(raw->buffer_length, HID_ENCODE_REPORT_BYTES);
            memcpy(raw->buffer, ending->report, (size_t)raw->actual_length);
            fake->taken++;
            g_cond_broadcast(&fake->moved);
        }
        fake->halted = ending->status == -EPIPE;
        end_urb(fake, urb, ending->status);
        g_free(ending);
    }
}

static int control(struct fake *fake, struct urb *urb)
{
    const uint8_t *setup = urb_of(urb)->buffer;
    if (setup[0] == 0x21 && setup[1] == SET_PROTOCOL)
        fake->seen.protocol = setup[2];
    urb_of(urb)->actual_length = 0;
    end_urb(fake, urb, 0);
    return 0;
}

static int submit(struct fake *fake, UMockdevIoctlData *arg)
{
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_urb), NULL);
    struct usbdevfs_urb *raw = (struct usbdevfs_urb *)(void *)data->data;
    struct urb *urb = g_new0(struct urb, 1);
    urb->data = data;
    urb->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer),
                                              (gsize)raw->buffer_length, NULL);
    if (raw->type == USBDEVFS_URB_TYPE_CONTROL)
        return control(fake, urb);
    g_queue_push_tail(&fake->queued, urb);
    fake->seen.in_flight_max = MAX(fake->seen.in_flight_max, fake->queued.length);
    return 0;
}

static int discard(struct fake *fake, UMockdevIoctlData *arg)
{
    gulong address = *(gulong *)(void *)arg->data;
    for (GList *l = fake->queued.head; l; l = l->next) {
        struct urb *urb = l->data;
        if (urb->data->client_addr == address) {
            g_queue_delete_link(&fake->queued, l);
            end_urb(fake, urb, -ENOENT);
            return 0;
        }
    }
    return -EINVAL;
}

/* Nothing ended yet: answered after a moment, or libusb, for which this node is always readable, would spin.
 */
static gboolean answer_later(gpointer client)
{
    umockdev_ioctl_client_complete(client, -1, EAGAIN);
    g_object_unref(client);
    return FALSE;
}

static void ask_again_later(UMockdevIoctlClient *client)
{
    GSource *source = g_timeout_source_new(ASK_AGAIN_MS);
    g_source_set_callback(source, answer_later, g_object_ref(client), NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    g_source_unref(source);
}

/* ---- ioctls ---- */

static int clear_halt(struct fake *fake)
{
    if (fake->queued.length) {
        fake->seen.bad_clears++;
        return -EBUSY;
    }
    fake->halted = false;
    fake->seen.clears++;
    return 0;
}

static int claim(struct fake *fake)
{
    if (fake->busy || fake->seen.kernel_driver)
        return -EBUSY;
    fake->seen.claims++;
    return 0;
}

/* USBDEVFS_IOCTL carries another ioctl: the kernel driver's detach and attach. */
static int driver_ioctl(struct fake *fake, UMockdevIoctlData *arg)
{
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_ioctl), NULL);
    int code = ((struct usbdevfs_ioctl *)(void *)data->data)->ioctl_code;
    bool had = fake->seen.kernel_driver;
    g_object_unref(data);
    fake->seen.kernel_driver = code == (int)USBDEVFS_CONNECT;
    return code == (int)USBDEVFS_DISCONNECT && !had ? -ENODATA : 0;
}

static int get_driver(struct fake *fake, UMockdevIoctlData *arg)
{
    if (!fake->seen.kernel_driver)
        return -ENODATA;
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_getdriver), NULL);
    (void)snprintf(((struct usbdevfs_getdriver *)(void *)data->data)->driver, USBDEVFS_MAXDRIVERNAME + 1,
                   "usbhid");
    g_object_unref(data);
    return 0;
}

static int get_capabilities(struct fake *fake, UMockdevIoctlData *arg)
{
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(guint32), NULL);
    *(guint32 *)(void *)data->data = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                                     USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
    g_object_unref(data);
    fake->seen.opens++; /* libusb asks once at each open */
    return 0;
}

static int reap(struct fake *fake, UMockdevIoctlData *arg)
{
    end_some(fake);
    struct urb *urb = g_queue_pop_head(&fake->done);
    if (!urb)
        return fake->gone ? -ENODEV : -EAGAIN;
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(gulong), NULL);
    umockdev_ioctl_data_set_ptr(data, 0, urb->data);
    g_object_unref(data);
    urb_free(urb);
    return 0;
}

static int answer(struct fake *fake, gulong request, UMockdevIoctlData *arg)
{
    if (request == USBDEVFS_REAPURB || request == USBDEVFS_REAPURBNDELAY)
        return reap(fake, arg);
    if (fake->gone)
        return -ENODEV;
    switch (request) {
    case USBDEVFS_GET_CAPABILITIES:
        return get_capabilities(fake, arg);
    case USBDEVFS_GETDRIVER:
        return get_driver(fake, arg);
    case USBDEVFS_IOCTL:
        return driver_ioctl(fake, arg);
    case USBDEVFS_DISCONNECT_CLAIM:
        fake->seen.kernel_driver = fake->seen.kernel_driver && fake->busy;
        return claim(fake);
    case USBDEVFS_CLAIMINTERFACE:
        return claim(fake);
    case USBDEVFS_RELEASEINTERFACE:
        fake->seen.releases++;
        return 0;
    case USBDEVFS_CLEAR_HALT:
        return clear_halt(fake);
    case USBDEVFS_SUBMITURB:
        return submit(fake, arg);
    case USBDEVFS_DISCARDURB:
        return discard(fake, arg);
    case USBDEVFS_SETINTERFACE:
    case USBDEVFS_RESET:
        return 0;
    default:
        (void)fprintf(stderr, "bed: ioctl %lx is not faked\n", request);
        return -ENOTTY;
    }
}

static gboolean on_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, struct fake *fake)
{
    (void)handler;
    g_mutex_lock(&fake->lock);
    int r = answer(fake, umockdev_ioctl_client_get_request(client), umockdev_ioctl_client_get_arg(client));
    g_mutex_unlock(&fake->lock);
    if (r == -EAGAIN)
        ask_again_later(client);
    else
        umockdev_ioctl_client_complete(client, r < 0 ? -1 : 0, r < 0 ? -r : 0);
    return TRUE;
}

/* ---- plugging ---- */

static void add_interface(GString *hex, int number, int subclass, int protocol, int endpoint)
{
    /* interface, HID descriptor (63 bytes of report descriptor), interrupt IN endpoint of 8 bytes each 10 ms
     */
    g_string_append_printf(hex,
                           "0904%02X000103%02X%02X00"
                           "092111010001223F00"
                           "0705%02X0308000A",
                           (unsigned)number, (unsigned)subclass, (unsigned)protocol, (unsigned)endpoint);
}

static void add_descriptors(GString *text, uint16_t vendor, uint16_t product, enum fake_kind kind)
{
    g_autoptr(GString) interfaces = g_string_new(NULL);
    int count = 1;
    if (kind == FAKE_KEYBOARD || kind == FAKE_KEYBOARD_MOUSE)
        add_interface(interfaces, 0, 1, 1, KEYBOARD_ENDPOINT);
    if (kind == FAKE_KEYBOARD_MOUSE)
        add_interface(interfaces, count++, 1, 2, 0x82);
    if (kind == FAKE_MOUSE)
        add_interface(interfaces, 0, 1, 2, KEYBOARD_ENDPOINT);
    if (kind == FAKE_OTHER_HID)
        add_interface(interfaces, 0, 0, 0, KEYBOARD_ENDPOINT);
    unsigned total = 9 + (unsigned)interfaces->len / 2;
    g_string_append_printf(
        text, "H: descriptors=1201000200000040%02X%02X%02X%02X0001000200010902%02X%02X%02X0100A032%s\n",
        vendor & 255U, vendor >> 8U, product & 255U, product >> 8U, total & 255U, total >> 8U,
        (unsigned)count, interfaces->str);
}

static void add_root_hub(struct bed *bed)
{
    GError *error = NULL;
    if (!umockdev_testbed_add_from_string(
            bed->testbed,
            "P: /devices/usb1\nN: bus/usb/001/001\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: "
            "DEVNAME=/dev/bus/usb/001/001\n"
            "E: BUSNUM=001\nE: DEVNUM=001\nE: MAJOR=189\nE: MINOR=0\nA: busnum=1\nA: devnum=1\nA: speed=480\n"
            "A: bConfigurationValue=1\nA: bNumConfigurations=1\nH: descriptors=1201000209000140"
            "6B1D0200000600000001090219000101"
            "00E000"
            "0904000001090000"
            "00"
            "07058103"
            "04000C"
            "\n",
            &error))
        give_up("root hub", error);
}

struct bed *bed_new(void)
{
    struct bed *bed = g_new0(struct bed, 1);
    bed->testbed = umockdev_testbed_new();
    bed->last_address = 4;
    bed->fakes = g_ptr_array_new();
    add_root_hub(bed);
    return bed;
}

static char *real_node(const struct fake *fake)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(fake->bed->testbed);
    return g_strdup_printf("%s%s", root, fake->node);
}

static void set_mode(struct fake *fake, mode_t permissions)
{
    struct stat status;
    g_autofree char *path = real_node(fake);
    /* The other bits are umockdev's mark of a device node. */
    if (stat(path, &status) < 0 || chmod(path, (status.st_mode & 07000U) | permissions) < 0)
        give_up(path, NULL);
}

/* The order matters: umockdev's add_device() announces the device before its node and handler exist. So the
 * handler comes first, then one description that makes node and descriptors and is announced last. */
static void plug(struct fake *fake, uint16_t vendor, uint16_t product, const char *name, enum fake_kind kind,
                 int address)
{
    GError *error = NULL;
    UMockdevTestbed *testbed = fake->bed->testbed;
    fake->handler = umockdev_ioctl_base_new();
    g_signal_connect(fake->handler, "handle-ioctl", G_CALLBACK(on_ioctl), fake);
    if (!umockdev_testbed_attach_ioctl(testbed, fake->node, fake->handler, &error))
        give_up("handler", error);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(
        text,
        "P: /devices/usb1/%s\nN: bus/usb/001/%03d\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=%s\n"
        "E: BUSNUM=001\nE: DEVNUM=%03d\nE: MAJOR=189\nE: MINOR=%d\nA: busnum=1\nA: devnum=%d\nA: speed=12\n"
        "A: bConfigurationValue=1\nA: bNumConfigurations=1\nA: idVendor=%04x\nA: idProduct=%04x\nA: "
        "product=%s\n",
        fake->port, address, fake->node, address, address - 1, address, vendor, product, name);
    add_descriptors(text, vendor, product, kind);
    if (!umockdev_testbed_add_from_string(testbed, text->str, &error))
        give_up("device", error);
}

struct fake *fake_attach(struct bed *bed, const char *port, uint16_t vendor, uint16_t product,
                         const char *name, enum fake_kind kind)
{
    struct fake *fake = g_new0(struct fake, 1);
    int address = ++bed->last_address;
    fake->bed = bed;
    fake->port = g_strdup(port);
    fake->sys_path = g_strdup_printf("/sys/devices/usb1/%s", port);
    fake->seen = (struct fake_seen){.protocol = -1, .kernel_driver = true};
    (void)snprintf(fake->node, sizeof fake->node, "/dev/bus/usb/001/%03d", address);
    g_mutex_init(&fake->lock);
    g_cond_init(&fake->moved);
    g_ptr_array_add(bed->fakes, fake);
    plug(fake, vendor, product, name, kind, address);
    return fake;
}

void fake_forbid(struct fake *fake)
{
    set_mode(fake, 0);
}

void fake_allow(struct fake *fake)
{
    set_mode(fake, 0660);
}

void fake_detach(struct fake *fake)
{
    UMockdevTestbed *testbed = fake->bed->testbed;
    g_mutex_lock(&fake->lock);
    fake->gone = true;
    g_mutex_unlock(&fake->lock);
    umockdev_testbed_uevent(testbed, fake->sys_path,
                            "remove"); /* remove_device alone tells libusb nothing (0.17) */
    umockdev_testbed_remove_device(testbed, fake->sys_path);
    umockdev_testbed_detach_ioctl(testbed, fake->node, NULL);
    g_autofree char *path = real_node(fake);
    (void)unlink(path);
}

void fake_replug(struct fake *fake)
{
    umockdev_testbed_uevent(fake->bed->testbed, fake->sys_path, "remove");
    umockdev_testbed_uevent(fake->bed->testbed, fake->sys_path, "add");
}

static void fake_free(struct fake *fake)
{
    if (!fake->gone)
        fake_detach(fake);
    g_object_unref(fake->handler);
    g_queue_clear_full(&fake->endings, g_free);
    g_queue_clear_full(&fake->queued, urb_free);
    g_queue_clear_full(&fake->done, urb_free);
    g_mutex_clear(&fake->lock);
    g_cond_clear(&fake->moved);
    g_free(fake->port);
    g_free(fake->sys_path);
    g_free(fake);
}

void bed_free(struct bed *bed)
{
    for (guint i = 0; i < bed->fakes->len; i++)
        fake_free(bed->fakes->pdata[i]);
    g_ptr_array_free(bed->fakes, TRUE);
    g_object_unref(bed->testbed);
    g_free(bed);
}

/* ---- typing and looking ---- */

void fake_set_busy(struct fake *fake, bool busy)
{
    g_mutex_lock(&fake->lock);
    fake->busy = busy;
    g_mutex_unlock(&fake->lock);
}

static void queue(struct fake *fake, int status, const uint8_t *report)
{
    struct ending *ending = g_new0(struct ending, 1);
    ending->status = status;
    if (report)
        memcpy(ending->report, report, sizeof ending->report);
    g_mutex_lock(&fake->lock);
    g_queue_push_tail(&fake->endings, ending);
    g_mutex_unlock(&fake->lock);
}

void fake_type(struct fake *fake, const char *text, enum hid_suffix suffix)
{
    g_autofree struct hid_reports *reports = g_new0(struct hid_reports, 1);
    if (hid_encode(text, HID_STYLE_PLAIN, suffix, reports) < 0)
        give_up(text, NULL);
    for (size_t i = 0; i < reports->count; i++)
        queue(fake, 0, reports->bytes[i]);
}

void fake_break(struct fake *fake, int status)
{
    queue(fake, status, NULL);
}

bool fake_wait_taken(struct fake *fake, unsigned reports)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;
    g_mutex_lock(&fake->lock);
    while (fake->taken < reports && g_cond_wait_until(&fake->moved, &fake->lock, until))
        ;
    bool reached = fake->taken >= reports;
    g_mutex_unlock(&fake->lock);
    return reached;
}

unsigned fake_taken(struct fake *fake)
{
    g_mutex_lock(&fake->lock);
    unsigned taken = fake->taken;
    g_mutex_unlock(&fake->lock);
    return taken;
}

struct fake_seen fake_seen(struct fake *fake)
{
    g_mutex_lock(&fake->lock);
    struct fake_seen seen = fake->seen;
    g_mutex_unlock(&fake->lock);
    return seen;
}
