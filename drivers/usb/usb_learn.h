/* Learning a scanner: unplug it, plug it in, scan any code, within a minute. A pure state machine: what is
 * plugged and scanned comes in with the time, what to do comes out. Only the device that is plugged in
 * meanwhile is looked at, never one that was there before. */
#ifndef FAIRSTOCK_USB_USB_LEARN_H
#define FAIRSTOCK_USB_USB_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "usb/usb_facts.h"

enum {
    USB_LEARN_MS = 60000,
    USB_LEARN_WORDS_MAX_BYTES = 1024,
    USB_LEARN_TYPED_MS = 60, /* a key: slower than any scanner, faster than most people */
};

enum usb_learn_state {
    USB_LEARN_IDLE,
    USB_LEARN_WAITING, /* for the plug */
    USB_LEARN_OFFERED, /* claimed or being claimed; for a code */
    USB_LEARN_LEARNT,
    USB_LEARN_FAILED,
};

/* What the caller has to do after a step. */
enum usb_learn_action {
    USB_LEARN_NOTHING,
    USB_LEARN_CLAIM,   /* learn->candidate */
    USB_LEARN_RELEASE, /* learn->released */
    USB_LEARN_SAVE,    /* learn->candidate is a scanner from now on; if that fails: usb_learn_fail */
};

struct usb_learn {
    enum usb_learn_state state;
    bool yes;
    int64_t until_ms;
    struct usb_facts candidate;
    uint32_t released;                     /* usb_facts.id */
    char words[USB_LEARN_WORDS_MAX_BYTES]; /* for the seller */
};

/* What else is attached when a device is plugged in. */
struct usb_learn_others {
    bool keyboard; /* another keyboard that is not a scanner of ours */
    bool same;     /* another device with the same VID:PID */
};

/* "idle", "waiting", "offered", "learnt", "failed". Static. */
const char *usb_learn_state_text(enum usb_learn_state state);

/* Begins, or begins again. yes: also take a device that reports a mouse, is the only keyboard, has a twin, or
 * types slowly. */
enum usb_learn_action usb_learn_start(struct usb_learn *learn, bool yes, int64_t now_ms);
/* used: it is a scanner of ours already. */
enum usb_learn_action usb_learn_attached(struct usb_learn *learn, const struct usb_facts *facts, bool used,
                                         struct usb_learn_others others);
enum usb_learn_action usb_learn_gone(struct usb_learn *learn, uint32_t device);
/* A code of length keys came from device, first to last key in took_ms. */
enum usb_learn_action usb_learn_code(struct usb_learn *learn, uint32_t device, uint32_t length,
                                     int64_t took_ms);
/* The candidate could not be claimed or saved; words say why and what to do. */
enum usb_learn_action usb_learn_fail(struct usb_learn *learn, const char *words);
enum usb_learn_action usb_learn_tick(struct usb_learn *learn, int64_t now_ms);
/* When usb_learn_tick has something to do; INT64_MAX: never. */
int64_t usb_learn_deadline(const struct usb_learn *learn);
/* The device is the one being learnt: its codes are not sales. */
bool usb_learn_owns(const struct usb_learn *learn, uint32_t device);

#endif
