#include "usb/usb_policy.h"

#include <stdio.h>
#include <string.h>

#include "usb/known_scanners.h"

const char *usb_policy_state_text(enum usb_state state)
{
    switch (state) {
    case USB_STATE_NOT_KNOWN:
        return "not known";
    case USB_STATE_IGNORED:
        return "ignored";
    case USB_STATE_CHOSEN:
        return "starting";
    case USB_STATE_USED:
        return "used";
    case USB_STATE_NO_PERMISSION:
        return "no permission";
    case USB_STATE_BUSY:
        return "busy";
    case USB_STATE_FAILED:
        return "failed";
    }
    return "";
}

static const struct usb_learnt *find_learnt(const struct usb_facts *facts, const struct usb_learnt learnt[],
                                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (learnt[i].vendor == facts->vendor && learnt[i].product == facts->product)
            return &learnt[i];
    return NULL;
}

enum usb_state usb_policy_judge(const struct usb_facts *facts, const struct usb_learnt learnt[], size_t count)
{
    if (!facts->has_keyboard)
        return USB_STATE_IGNORED;
    if (known_scanners_find(facts->vendor, facts->product) || find_learnt(facts, learnt, count))
        return USB_STATE_CHOSEN;
    return USB_STATE_NOT_KNOWN;
}

void usb_policy_name(const struct usb_facts *facts, const struct usb_learnt learnt[], size_t count,
                     char name[NAME_MAX_BYTES + 1])
{
    const struct known_scanner *known = known_scanners_find(facts->vendor, facts->product);
    const struct usb_learnt *found = find_learnt(facts, learnt, count);
    const char *best = facts->name[0] ? facts->name : known ? known->name : "HID device";
    if (found && found->name[0])
        best = found->name;
    (void)snprintf(name, NAME_MAX_BYTES + 1, "%s", best);
}

/* Two commands that can be typed as they stand. udev applies the rule to the device that is plugged in, by
 * the trigger. */
static void say_permission(const struct usb_facts *facts, const char *group, char next[USB_NEXT_MAX_BYTES])
{
    (void)snprintf(next, USB_NEXT_MAX_BYTES,
                   "echo 'SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"%04x\", "
                   "ATTR{idProduct}==\"%04x\", GROUP=\"%s\", MODE=\"0660\", TAG+=\"uaccess\"' | "
                   "sudo tee -a /etc/udev/rules.d/71-fairstock-learnt.rules\n"
                   "sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=usb "
                   "--attr-match=idVendor=%04x --attr-match=idProduct=%04x",
                   facts->vendor, facts->product, group, facts->vendor, facts->product);
}

static void say_ignored(const struct usb_facts *facts, char next[USB_NEXT_MAX_BYTES])
{
    const struct known_scanner *known = known_scanners_find(facts->vendor, facts->product);
    (void)snprintf(next, USB_NEXT_MAX_BYTES, "%s",
                   known ? "This scanner is not set to keyboard mode: scan \"USB keyboard\" in its manual."
                         : "");
}

void usb_policy_next(const struct usb_facts *facts, enum usb_state state, const char *group,
                     char next[USB_NEXT_MAX_BYTES])
{
    next[0] = '\0';
    switch (state) {
    case USB_STATE_NOT_KNOWN:
        (void)snprintf(next, USB_NEXT_MAX_BYTES, "If this is a scanner: fairstock learn");
        break;
    case USB_STATE_NO_PERMISSION:
        say_permission(facts, group, next);
        break;
    case USB_STATE_BUSY:
        (void)snprintf(next, USB_NEXT_MAX_BYTES,
                       "Another program holds it. To see which: sudo fuser -v /dev/bus/usb/*/*");
        break;
    case USB_STATE_FAILED:
        (void)snprintf(next, USB_NEXT_MAX_BYTES,
                       "It does not answer. Unplug it and plug it in again, without a hub if there is one.");
        break;
    case USB_STATE_IGNORED:
        say_ignored(facts, next);
        break;
    case USB_STATE_CHOSEN:
    case USB_STATE_USED:
        break;
    }
}
