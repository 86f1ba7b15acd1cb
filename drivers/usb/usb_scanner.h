/* USB scanners on the loop: chooses among the attached devices (usb_policy), decodes what the chosen ones
 * send, tells the sink, lists every device with what to do next, and learns new ones. The reading itself
 * happens in usb_bus.
 *
 * Each scanner keeps its source number as long as this runs, also when it is unplugged and plugged in again.
 * While a device is being learnt its codes go to the learning, not to the sink. */
#ifndef FAIRSTOCK_USB_USB_SCANNER_H
#define FAIRSTOCK_USB_USB_SCANNER_H

#include "base/err.h"
#include "scanner/scanner.h"
#include "usb/usb_learn.h"
#include "usb/usb_policy.h"

struct loop;
struct usb_scanner;

enum { USB_SCANNERS_MAX = 8, USB_DEVICES_MAX = 64 };

struct usb_scanner_options {
    struct scanner_sink sink;
    uint32_t first_source; /* number of the first scanner; this driver gives first_source … + USB_SCANNERS_MAX
                              - 1 */
    const struct usb_learnt *learnt; /* copied; at most USB_LEARNT_MAX */
    size_t learnt_count;
    /* Keeps the list of learnt scanners (usb_learnt_format writes the file). 0, or a negative errno with a
     * sentence: nothing is learnt then. */
    int (*save)(void *user, const struct usb_learnt learnt[], size_t count, struct err *err);
    void *save_user;
    /* Every device that was present at the start has been looked at (claims may still be on their way). Once;
     * optional. */
    void (*listed)(void *user);
    void *listed_user;
};

/* One attached HID device. */
struct usb_scanner_row {
    char id[sizeof "0c2e:0b61"];
    char name[NAME_MAX_BYTES + 1];
    char port[USB_PORT_MAX_BYTES];
    enum usb_state state;          /* usb_policy_state_text */
    uint32_t source;               /* of a chosen device; 0: none */
    char next[USB_NEXT_MAX_BYTES]; /* what to do, one or two lines; "" nothing */
};

/* Starts listening. Every attached device is logged with its state and what to do next, now and when it is
 * plugged in. Notices: READY (words: its name), GONE, OVERLONG, REJECTED, and FAULT for a scanner that cannot
 * be used (words: why, and the command). A scanner that cannot be used is tried again every two seconds. 0,
 * or a negative errno with a sentence when USB cannot be used at all. */
MUST_CHECK int usb_scanner_new(struct loop *loop, const struct usb_scanner_options *options,
                               struct usb_scanner **scanner, struct err *err);
/* Gives every device back to the kernel. Accepts NULL. Tells the sink nothing. */
void usb_scanner_free(struct usb_scanner *scanner);

/* Fills at most max rows and returns how many devices there are. */
size_t usb_scanner_devices(const struct usb_scanner *scanner, struct usb_scanner_row rows[], size_t max);

/* Begins to learn, or begins again. yes: see usb_learn_start. */
void usb_scanner_learn(struct usb_scanner *scanner, bool yes);
/* How the learning stands. Borrowed until the loop runs again. */
const struct usb_learn *usb_scanner_learning(const struct usb_scanner *scanner);

#endif
