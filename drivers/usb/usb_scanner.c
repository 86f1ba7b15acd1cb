#include "usb/usb_scanner_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "loop/loop.h"
#include "usb/usb_access.h"

enum {
    RECORDS_A_TURN = 256, /* before other sources of the loop may run: nine EAN-13 codes */
    CATCH_UP_MS = 10,     /* how soon to look again when the bus is behind */
    RETRY_MS = 2000, /* for a chosen device that cannot be used yet: the seller may be typing the command */
};

/* ---- words ---- */

static void name_of(const struct usb_scanner *s, const struct device *device, char name[NAME_MAX_BYTES + 1])
{
    usb_policy_name(&device->facts, s->learnt, s->learnt_count, name);
}

static void log_device(const struct usb_scanner *s, const struct device *device)
{
    char name[NAME_MAX_BYTES + 1], next[USB_NEXT_MAX_BYTES];
    name_of(s, device, name);
    usb_policy_next(&device->facts, device->state, s->group, next);
    log_info("USB %04x:%04x %s (%s): %s%s%s", device->facts.vendor, device->facts.product, name,
             device->facts.port, usb_policy_state_text(device->state), *next ? ". " : "", next);
}

static void tell(const struct usb_scanner *s, const struct slot *slot, enum scanner_notice notice,
                 const char *words)
{
    s->options.sink.notice(s->options.sink.user, slot->source.number, notice, words);
}

/* ---- the timer: set only when it has to fire earlier, so that a code costs no system call a key ---- */

static int arm(struct usb_scanner *s, int64_t at_ms)
{
    if (at_ms >= s->armed_ms)
        return 0;
    s->armed_ms = at_ms;
    return loop_arm(s->timer, at_ms);
}

static int64_t earliest(const struct usb_scanner *s)
{
    int64_t at_ms = s->retry_ms;
    int64_t learn_ms = usb_learn_deadline(&s->learn);
    int64_t code_ms = hid_decoder_deadline(&s->learn_decoder);
    at_ms = learn_ms < at_ms ? learn_ms : at_ms;
    at_ms = code_ms < at_ms ? code_ms : at_ms;
    for (size_t i = 0; i < USB_SCANNERS_MAX; i++) {
        code_ms = s->slots[i].taken ? hid_source_deadline(&s->slots[i].source) : INT64_MAX;
        at_ms = code_ms < at_ms ? code_ms : at_ms;
    }
    return at_ms;
}

/* ---- devices ---- */

static void claim(struct usb_scanner *s, struct device *device)
{
    if (!usb_bus_claim(s->bus, device->facts.id))
        s->retry_ms = loop_now_ms(s->loop) + RETRY_MS;
}

static void set_ready(struct usb_scanner *s, struct device *device)
{
    char name[NAME_MAX_BYTES + 1];
    device->state = USB_STATE_USED;
    log_device(s, device);
    name_of(s, device, name);
    tell(s, device->slot, SCANNER_READY, name);
}

static enum usb_state state_of(int error)
{
    switch (error) {
    case -EACCES:
    case -EPERM:
        return USB_STATE_NO_PERMISSION;
    case -EBUSY:
        return USB_STATE_BUSY;
    default:
        return USB_STATE_FAILED;
    }
}

/* Told once; the tries that follow are quiet until something changes. */
static void set_failed(struct usb_scanner *s, struct device *device, int error)
{
    enum usb_state before = device->state;
    char words[USB_NEXT_MAX_BYTES + 64], next[USB_NEXT_MAX_BYTES];
    device->state = state_of(error);
    s->retry_ms = loop_now_ms(s->loop) + RETRY_MS;
    if (device->state == before)
        return;
    log_device(s, device);
    usb_policy_next(&device->facts, device->state, s->group, next);
    (void)snprintf(words, sizeof words, "The scanner cannot be used: %s. %s",
                   usb_policy_state_text(device->state), next);
    hid_source_stop(&device->slot->source, SCANNER_FAULT, words);
}

static void retry_claims(struct usb_scanner *s)
{
    s->retry_ms = INT64_MAX;
    for (size_t i = 0; i < s->device_count; i++) {
        struct device *device = &s->devices[i];
        if (device->slot && device->state != USB_STATE_USED)
            claim(s, device);
    }
}

/* ---- learning ---- */

static void save_learnt(struct usb_scanner *s, struct device *device);

static void act(struct usb_scanner *s, enum usb_learn_action action)
{
    struct device *device = NULL;
    switch (action) {
    case USB_LEARN_NOTHING:
        break;
    case USB_LEARN_CLAIM:
        if (!usb_bus_claim(s->bus, s->learn.candidate.id))
            act(s, usb_learn_fail(&s->learn, "Too much is going on. Try again: fairstock learn"));
        break;
    case USB_LEARN_RELEASE:
        (void)hid_decoder_reset(&s->learn_decoder);
        if (!usb_bus_release(s->bus, s->learn.released))
            log_warning("the device that was not learnt stays claimed until it is unplugged");
        break;
    case USB_LEARN_SAVE:
        device = usb_scanner_find(s, s->learn.candidate.id);
        if (device)
            save_learnt(s, device);
        break;
    }
}

static int keep_learnt(struct usb_scanner *s, struct device *device, struct err *err)
{
    if (s->learnt_count == USB_LEARNT_MAX)
        return err_set(err, -ENOSPC,
                       "there are %d learnt scanners already; take some out of the file scanners",
                       USB_LEARNT_MAX);
    if (!usb_scanner_give_slot(s, device))
        return err_set(err, -ENOSPC, "there are %d scanners already; unplug one", USB_SCANNERS_MAX);
    struct usb_learnt *learnt = &s->learnt[s->learnt_count];
    *learnt = (struct usb_learnt){.vendor = device->facts.vendor, .product = device->facts.product};
    name_of(s, device, learnt->name);
    int r = s->options.save(s->options.save_user, s->learnt, s->learnt_count + 1, err);
    if (r < 0) {
        device->slot->attached = false;
        device->slot = NULL;
        return r;
    }
    s->learnt_count++;
    return 0;
}

static void save_learnt(struct usb_scanner *s, struct device *device)
{
    struct err err = {0};
    int r = keep_learnt(s, device, &err);
    if (r == 0) {
        set_ready(s, device);
        return;
    }
    (void)err_prefix(&err, r, "It was not kept");
    act(s, usb_learn_fail(&s->learn, err_text(&err)));
}

static void learn_code(void *user, const struct hid_result *result)
{
    struct usb_scanner *s = user;
    if (result->event == HID_CODE)
        act(s, usb_learn_code(&s->learn, s->learn.candidate.id, (uint32_t)result->length,
                              result->last_ms - result->first_ms));
}

static void learn_attached(struct usb_scanner *s, const struct device *device)
{
    struct usb_learn_others others = {0};
    for (size_t i = 0; i < s->device_count; i++) {
        const struct device *other = &s->devices[i];
        if (other == device)
            continue;
        others.keyboard = others.keyboard || (other->facts.has_keyboard && !other->slot);
        others.same = others.same || (other->facts.vendor == device->facts.vendor &&
                                      other->facts.product == device->facts.product);
    }
    act(s, usb_learn_attached(&s->learn, &device->facts, device->slot != NULL, others));
}

/* The answer to the claim of a device that is being learnt. */
static void learn_claimed(struct usb_scanner *s, const struct device *device, int error)
{
    char next[USB_NEXT_MAX_BYTES], words[USB_LEARN_WORDS_MAX_BYTES];
    if (error == 0)
        return;
    usb_policy_next(&device->facts, state_of(error), s->group, next);
    (void)snprintf(words, sizeof words, "Found it, but: %s.%s\n%s\nThen again: fairstock learn",
                   usb_policy_state_text(state_of(error)),
                   error == -EACCES ? " Type these two commands:" : "", next);
    act(s, usb_learn_fail(&s->learn, words));
}

/* ---- records ---- */

static void take_attached(struct usb_scanner *s, struct usb_facts *facts)
{
    if (s->device_count == USB_DEVICES_MAX) {
        free(facts);
        return;
    }
    struct device *device = &s->devices[s->device_count++];
    *device = (struct device){.facts = *facts};
    free(facts);
    device->state = usb_policy_judge(&device->facts, s->learnt, s->learnt_count);
    if (device->state == USB_STATE_CHOSEN && usb_scanner_give_slot(s, device))
        claim(s, device);
    else
        log_device(s, device);
    if (s->listed)
        learn_attached(s, device);
}

static void take_gone(struct usb_scanner *s, struct device *device)
{
    char name[NAME_MAX_BYTES + 1];
    name_of(s, device, name);
    log_info("USB %04x:%04x %s (%s): unplugged", device->facts.vendor, device->facts.product, name,
             device->facts.port);
    if (usb_learn_owns(&s->learn, device->facts.id))
        (void)hid_decoder_reset(&s->learn_decoder);
    act(s, usb_learn_gone(&s->learn, device->facts.id));
    struct slot *slot = device->slot;
    *device = s->devices[--s->device_count];
    if (!slot)
        return;
    slot->attached = false;
    hid_source_stop(&slot->source, SCANNER_GONE, "The scanner was unplugged.");
}

static void take_report(struct usb_scanner *s, const struct device *device, const struct usb_record *record)
{
    if (usb_learn_owns(&s->learn, device->facts.id)) {
        hid_decoder_report(&s->learn_decoder, record->bytes, record->length, record->at_ms);
    } else if (device->state == USB_STATE_USED) {
        struct hid_source *source = &device->slot->source;
        if (record->late)
            hid_source_resume(source, record->at_ms);
        hid_source_report(source, record->bytes, record->length, record->at_ms);
    }
}

static void take_broken(struct usb_scanner *s, const struct device *device)
{
    if (usb_learn_owns(&s->learn, device->facts.id))
        hid_decoder_break(&s->learn_decoder);
    else if (device->state == USB_STATE_USED)
        hid_source_break(&device->slot->source);
}

/* The answer to a claim, or the end of one. */
static void take_answer(struct usb_scanner *s, struct device *device, int error)
{
    if (error == -ENODEV) /* USB_GONE follows */
        return;
    if (usb_learn_owns(&s->learn, device->facts.id))
        learn_claimed(s, device, error);
    else if (device->slot && error)
        set_failed(s, device, error);
    else if (device->slot && device->state != USB_STATE_USED)
        set_ready(s, device);
}

static void take_lost(struct usb_scanner *s)
{
    static const char words[] =
        "USB stopped working. Restart Fairstock; if that does not help, the computer.";
    s->options.sink.notice(s->options.sink.user, s->options.first_source, SCANNER_FAULT, words);
}

static void take_listed(struct usb_scanner *s)
{
    s->listed = true;
    if (s->options.listed)
        s->options.listed(s->options.listed_user);
}

/* True: it was about the bus, not about one device. */
static bool take_bus_record(struct usb_scanner *s, const struct usb_record *record)
{
    if (record->kind == USB_ATTACHED)
        take_attached(s, record->facts);
    else if (record->kind == USB_LISTED)
        take_listed(s);
    else if (record->kind == USB_LOST)
        take_lost(s);
    else
        return false;
    return true;
}

static void take_record(struct usb_scanner *s, const struct usb_record *record)
{
    struct device *device = take_bus_record(s, record) ? NULL : usb_scanner_find(s, record->device);
    if (!device) /* …or one device more than fit */
        return;
    if (record->kind == USB_REPORT)
        take_report(s, device, record);
    else if (record->kind == USB_BROKEN)
        take_broken(s, device);
    else if (record->kind == USB_GONE)
        take_gone(s, device);
    else if (record->kind == USB_READY || record->kind == USB_FAILED)
        take_answer(s, device, record->kind == USB_FAILED ? record->error : 0);
}

/* False: there is more for the next turn. */
static bool drain(struct usb_scanner *s)
{
    struct usb_record record;
    usb_bus_clear(s->bus);
    for (int i = 0; i < RECORDS_A_TURN; i++) {
        if (!usb_bus_next(s->bus, &record))
            return true;
        take_record(s, &record);
    }
    usb_bus_wake(s->bus);
    return false;
}

static int on_readable(void *user, int fd, uint32_t events)
{
    struct usb_scanner *s = user;
    (void)fd;
    (void)events;
    (void)drain(s);
    return arm(s, earliest(s));
}

static void end_paused_codes(struct usb_scanner *s, int64_t now_ms)
{
    for (size_t i = 0; i < USB_SCANNERS_MAX; i++)
        if (s->slots[i].taken)
            hid_source_timeout(&s->slots[i].source, now_ms);
    hid_decoder_timeout(&s->learn_decoder, now_ms);
}

static int on_timer(void *user, int64_t now_ms)
{
    struct usb_scanner *s = user;
    s->armed_ms = INT64_MAX;
    act(s, usb_learn_tick(&s->learn, now_ms));
    if (now_ms >= s->retry_ms)
        retry_claims(s);
    /* What arrived in time but is read only now still belongs to its code: a pause counts once everything was
     * read. */
    if (!drain(s) || usb_bus_is_behind(s->bus))
        return arm(s, now_ms + CATCH_UP_MS);
    end_paused_codes(s, now_ms);
    return arm(s, earliest(s));
}

/* ---- life ---- */

static int attach(struct usb_scanner *s, struct err *err)
{
    int r = usb_bus_new(&s->bus, err);
    if (r < 0)
        return r;
    r = loop_add_fd(s->loop, "usb scanners", LOOP_SCAN, usb_bus_fd(s->bus), LOOP_READ, on_readable, s,
                    &s->readable);
    if (r == 0)
        r = loop_add_timer(s->loop, "usb scanner pause", LOOP_SCAN, on_timer, s, &s->timer);
    if (r < 0)
        return err_set_errno(err, r, "listening to USB");
    loop_need(s->readable);
    loop_need(s->timer);
    return 0;
}

int usb_scanner_new(struct loop *loop, const struct usb_scanner_options *options,
                    struct usb_scanner **scanner, struct err *err)
{
    struct usb_scanner *made = calloc(1, sizeof *made);
    if (!made)
        return err_set_errno(err, -ENOMEM, "listening to USB");
    made->loop = loop;
    made->options = *options;
    made->armed_ms = made->retry_ms = INT64_MAX;
    made->learnt_count = options->learnt_count < USB_LEARNT_MAX ? options->learnt_count : USB_LEARNT_MAX;
    if (made->learnt_count)
        memcpy(made->learnt, options->learnt, made->learnt_count * sizeof *made->learnt);
    hid_decoder_init(&made->learn_decoder, learn_code, made);
    if (options->sink.gap_ms)
        hid_decoder_set_gap(&made->learn_decoder, options->sink.gap_ms);
    usb_access_group(made->group);
    int r = attach(made, err);
    if (r < 0) {
        usb_scanner_free(made);
        return r;
    }
    *scanner = made;
    return 0;
}

void usb_scanner_free(struct usb_scanner *scanner)
{
    if (!scanner)
        return;
    loop_remove(scanner->readable);
    loop_remove(scanner->timer);
    usb_bus_free(scanner->bus);
    free(scanner);
}

size_t usb_scanner_devices(const struct usb_scanner *scanner, struct usb_scanner_row rows[], size_t max)
{
    for (size_t i = 0; i < scanner->device_count && i < max; i++) {
        const struct device *device = &scanner->devices[i];
        struct usb_scanner_row *row = &rows[i];
        *row = (struct usb_scanner_row){.state = device->state,
                                        .source = device->slot ? device->slot->source.number : 0};
        (void)snprintf(row->id, sizeof row->id, "%04x:%04x", device->facts.vendor, device->facts.product);
        name_of(scanner, device, row->name);
        memcpy(row->port, device->facts.port, sizeof row->port);
        usb_policy_next(&device->facts, device->state, scanner->group, row->next);
    }
    return scanner->device_count;
}

void usb_scanner_learn(struct usb_scanner *scanner, bool yes)
{
    int64_t now_ms = loop_now_ms(scanner->loop);
    act(scanner, usb_learn_start(&scanner->learn, yes, now_ms));
    if (arm(scanner, earliest(scanner)) < 0)
        log_warning("the minute of learning cannot be measured; it ends with the next scan");
}

const struct usb_learn *usb_scanner_learning(const struct usb_scanner *scanner)
{
    return &scanner->learn;
}
