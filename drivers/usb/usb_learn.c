#include "usb/usb_learn.h"

#include <stdio.h>

static void say(struct usb_learn *learn, const char *words)
{
    (void)snprintf(learn->words, sizeof learn->words, "%s", words);
}

const char *usb_learn_state_text(enum usb_learn_state state)
{
    static const char *const texts[] = {
        [USB_LEARN_IDLE] = "idle",     [USB_LEARN_WAITING] = "waiting", [USB_LEARN_OFFERED] = "offered",
        [USB_LEARN_LEARNT] = "learnt", [USB_LEARN_FAILED] = "failed",
    };
    return texts[state];
}

enum usb_learn_action usb_learn_start(struct usb_learn *learn, bool yes, int64_t now_ms)
{
    bool claimed = learn->state == USB_LEARN_OFFERED;
    *learn = (struct usb_learn){.state = USB_LEARN_WAITING,
                                .yes = yes,
                                .until_ms = now_ms + USB_LEARN_MS,
                                .released = learn->candidate.id};
    say(learn, "Unplug the scanner, plug it in again and scan any code. You have a minute.");
    return claimed ? USB_LEARN_RELEASE : USB_LEARN_NOTHING;
}

bool usb_learn_owns(const struct usb_learn *learn, uint32_t device)
{
    return learn->state == USB_LEARN_OFFERED && learn->candidate.id == device;
}

enum usb_learn_action usb_learn_fail(struct usb_learn *learn, const char *words)
{
    bool claimed = learn->state == USB_LEARN_OFFERED || learn->state == USB_LEARN_LEARNT;
    learn->released = learn->candidate.id;
    learn->state = USB_LEARN_FAILED;
    say(learn, words);
    return claimed ? USB_LEARN_RELEASE : USB_LEARN_NOTHING;
}

/* Why a device should not be taken without being told to; NULL: it looks like a scanner. */
static const char *doubt(const struct usb_facts *facts, struct usb_learn_others others)
{
    if (facts->has_mouse)
        return "also reports a mouse, as scanners do not";
    if (others.same)
        return "has a twin with the same number, which would be taken over too";
    if (!others.keyboard)
        return "is the only keyboard here; learnt, it types nothing any more but codes";
    return NULL;
}

static void fail_doubtful(struct usb_learn *learn, const struct usb_facts *facts, const char *why)
{
    learn->state = USB_LEARN_FAILED;
    (void)snprintf(learn->words, sizeof learn->words,
                   "%04x:%04x %s %s. If it is a scanner all the same: fairstock learn --yes", facts->vendor,
                   facts->product, facts->name, why);
}

enum usb_learn_action usb_learn_attached(struct usb_learn *learn, const struct usb_facts *facts, bool used,
                                         struct usb_learn_others others)
{
    if (learn->state == USB_LEARN_OFFERED && facts->has_keyboard)
        return usb_learn_fail(learn,
                              "Two devices were plugged in. Plug in the scanner alone: fairstock learn");
    if (learn->state != USB_LEARN_WAITING)
        return USB_LEARN_NOTHING;
    if (!facts->has_keyboard) {
        say(learn, "The device just plugged in types nothing. If it is the scanner, scan \"USB keyboard\" in "
                   "its manual first.");
        return USB_LEARN_NOTHING;
    }
    if (used)
        return usb_learn_fail(learn, "This scanner is known and in use already; there is nothing to learn.");
    const char *why = doubt(facts, others);
    if (why && !learn->yes) {
        fail_doubtful(learn, facts, why);
        return USB_LEARN_NOTHING;
    }
    learn->state = USB_LEARN_OFFERED;
    learn->candidate = *facts;
    (void)snprintf(learn->words, sizeof learn->words, "Found %04x:%04x %s. Scan any code with it.",
                   facts->vendor, facts->product, facts->name);
    return USB_LEARN_CLAIM;
}

enum usb_learn_action usb_learn_gone(struct usb_learn *learn, uint32_t device)
{
    if (usb_learn_owns(learn, device)) {
        learn->state = USB_LEARN_WAITING;
        say(learn, "It was unplugged again. Plug it in and scan any code.");
    }
    return USB_LEARN_NOTHING;
}

enum usb_learn_action usb_learn_code(struct usb_learn *learn, uint32_t device, uint32_t length,
                                     int64_t took_ms)
{
    if (!usb_learn_owns(learn, device))
        return USB_LEARN_NOTHING;
    if (!learn->yes && length > 1 && took_ms > (int64_t)(length - 1) * USB_LEARN_TYPED_MS) {
        say(learn, "That looked typed by hand. Scan a code with it; if it was a scan: fairstock learn --yes");
        return USB_LEARN_NOTHING;
    }
    learn->state = USB_LEARN_LEARNT;
    (void)snprintf(learn->words, sizeof learn->words, "Learnt %04x:%04x %s. It is used from now on.",
                   learn->candidate.vendor, learn->candidate.product, learn->candidate.name);
    return USB_LEARN_SAVE;
}

int64_t usb_learn_deadline(const struct usb_learn *learn)
{
    bool runs = learn->state == USB_LEARN_WAITING || learn->state == USB_LEARN_OFFERED;
    return runs ? learn->until_ms : INT64_MAX;
}

enum usb_learn_action usb_learn_tick(struct usb_learn *learn, int64_t now_ms)
{
    if (now_ms < usb_learn_deadline(learn))
        return USB_LEARN_NOTHING;
    return usb_learn_fail(learn,
                          learn->state == USB_LEARN_OFFERED
                              ? "The minute is over and no code came. Try again: fairstock learn"
                              : "The minute is over and nothing was plugged in. Try again: fairstock learn");
}
