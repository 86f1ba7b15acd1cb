#include "usb/usb_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* HID 1.11 sections 4.2 and 4.3. */
enum { SUBCLASS_BOOT = 1, PROTOCOL_KEYBOARD = 1, PROTOCOL_MOUSE = 2 };

static uint8_t interrupt_in_endpoint(const struct libusb_interface_descriptor *setting)
{
    for (int i = 0; i < setting->bNumEndpoints; i++) {
        const struct libusb_endpoint_descriptor *endpoint = &setting->endpoint[i];
        if ((endpoint->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) == LIBUSB_TRANSFER_TYPE_INTERRUPT &&
            endpoint->bEndpointAddress & LIBUSB_ENDPOINT_IN)
            return endpoint->bEndpointAddress;
    }
    return 0;
}

/* Adds one interface. True: it is a HID interface. */
static bool add_interface(const struct libusb_interface_descriptor *setting, struct usb_facts *facts)
{
    if (setting->bInterfaceClass != LIBUSB_CLASS_HID)
        return false;
    uint8_t endpoint = interrupt_in_endpoint(setting);
    if (setting->bInterfaceProtocol == PROTOCOL_MOUSE)
        facts->has_mouse = true;
    if (setting->bInterfaceProtocol == PROTOCOL_KEYBOARD && endpoint && !facts->has_keyboard) {
        facts->has_keyboard = true;
        facts->speaks_boot = setting->bInterfaceSubClass == SUBCLASS_BOOT;
        facts->interface = setting->bInterfaceNumber;
        facts->endpoint = endpoint;
    }
    return true;
}

static bool add_interfaces(libusb_device *device, struct usb_facts *facts)
{
    struct libusb_config_descriptor *config;
    if (libusb_get_active_config_descriptor(device, &config) < 0)
        return false;
    bool is_hid = false;
    for (int i = 0; i < config->bNumInterfaces; i++)
        if (config->interface[i].num_altsetting > 0 &&
            add_interface(&config->interface[i].altsetting[0], facts))
            is_hid = true;
    libusb_free_config_descriptor(config);
    return is_hid;
}

static void add_port(libusb_device *device, struct usb_facts *facts)
{
    uint8_t ports[7]; /* USB 3.2: at most seven tiers */
    int depth = libusb_get_port_numbers(device, ports, sizeof ports);
    size_t used = (size_t)snprintf(facts->port, sizeof facts->port, "%u", libusb_get_bus_number(device));
    for (int i = 0; i < depth && used < sizeof facts->port; i++)
        used +=
            (size_t)snprintf(facts->port + used, sizeof facts->port - used, "%c%u", i ? '.' : '-', ports[i]);
}

/* The kernel read the product string when the device was plugged in; asking the device needs permission, this
 * does not. */
static void add_name(struct usb_facts *facts)
{
    char path[64 + USB_PORT_MAX_BYTES];
    (void)snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/product", facts->port);
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, facts->name, sizeof facts->name - 1);
    length = length < 0 ? 0 : length;
    facts->name[length] = '\0';
    facts->name[strcspn(facts->name, "\n")] = '\0';
    /* A device may call itself anything; what goes to logs and terminals is printable. */
    for (char *c = facts->name; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

int usb_probe(libusb_device *device, struct usb_facts *facts)
{
    struct libusb_device_descriptor descriptor;
    struct usb_facts found = {0};
    if (libusb_get_device_descriptor(device, &descriptor) < 0 || !add_interfaces(device, &found))
        return -ENODEV;
    found.vendor = descriptor.idVendor;
    found.product = descriptor.idProduct;
    add_port(device, &found);
    add_name(&found);
    *facts = found;
    return 0;
}
