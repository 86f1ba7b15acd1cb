/* From a raw scan to a booked sale: one look-up in the book, one event, one commit. The scan path: it waits
 * for nothing but the disk, prepares no SQL and allocates nothing. It never refuses what is in the hand for a
 * reason of sync: only a scan that probably is no sale (promise 3) is answered `refused`, and the same scan
 * again within INTAKE_SECOND_SCAN_MS books it. */
#ifndef FAIRSTOCK_INTAKE_INTAKE_H
#define FAIRSTOCK_INTAKE_INTAKE_H

#include "store/store.h"

enum {
    INTAKE_SECOND_SCAN_MS = 10000, /* design promise 3: "the same scan again within 10 s books it" */
    INTAKE_UNDO_MS = 60000,        /* an undo within this time counts as undo, later as correction */
    INTAKE_NAMED_MAX = 256,        /* unknown sales of one code that one naming can settle */
    INTAKE_RECENT_MAX = 64,        /* sales remembered for "undo last" and the list of last scans */
    INTAKE_GROUP_MAX = 64,         /* scans that may share one commit */
};

enum intake_signal { INTAKE_SOLD = 1, INTAKE_UNKNOWN, INTAKE_REFUSED, INTAKE_FAULT };

/* What became of one scan. */
struct intake_outcome {
    enum intake_signal signal;
    int error;         /* INTAKE_FAULT: why it is not on disk */
    uint64_t position; /* of the sale event; 0 when nothing was booked */
    uint32_t item;     /* 0 unknown */
    char code[CODE_MAX_BYTES + 1];
    int64_t quantity; /* stock units */
    int64_t price_minor;
    int64_t on_hand; /* after it, at this location; 0 for unknown */
    bool beyond;     /* the ledger said there was none: a card exists */
    bool second_scan;
    uint32_t source;
    bool low; /* crossed the item's reorder point with this sale */
};
typedef void intake_done_fn(void *user, const struct intake_outcome *outcome);

/* A sale as the list of last scans keeps it. */
struct intake_recent {
    uint64_t position, time_ms; /* event time */
    uint32_t item, source, location;
    char code[CODE_MAX_BYTES + 1];
    int64_t quantity, price_minor;
    bool voided, beyond;
};

struct intake;

struct intake_settings {
    struct store *store;  /* borrowed */
    uint32_t location;    /* where this device sells from */
    intake_done_fn *done; /* after the commit (or its failure), once per intake_scan */
    void *user;
};

/* Reads the last sales back from the ledger, so that "undo last" works after a restart. */
MUST_CHECK int intake_new(const struct intake_settings *settings, struct intake **intake, struct err *err);
void intake_free(struct intake *intake);

/* Books one scan. code: NUL-terminated as decoded or typed; quantity ≥ 1 scans of it. now_ms: monotonic;
 * event_ms: event time; wall_ms labels cards, 0 while the time is unknown. Reports through done, possibly
 * before it returns. */
void intake_scan(struct intake *intake, const char *code, int64_t quantity, uint32_t source, int64_t now_ms,
                 uint64_t event_ms, int64_t wall_ms);

/* Sells an item that was named, not scanned: quantity is units, whatever packs its codes stand for, and an
 * item without any code can be sold too. name: its SKU, for cards and for recognising the second try. */
void intake_sell_item(struct intake *intake, uint32_t item, const char *name, int64_t quantity,
                      uint32_t source, int64_t now_ms, uint64_t event_ms, int64_t wall_ms);

/* Scans that wait already share a commit (INTAKE_GROUP_MAX at most, then another): begin, intake_scan or
 * intake_sell_item for each, end. Each is decided on what those before it left; `done` is called for each, in
 * order, after the commit. When
 * the commit fails and the disk is not to blame, each is tried alone. */
void intake_group_begin(struct intake *intake);
void intake_group_end(struct intake *intake);
/* `done` told a refusal: only what is scanned from now on answers it. Without this call its ten seconds begin
 * with the scan. */
void intake_refusal_told(struct intake *intake, int64_t now_ms);

/* Voids the newest sale that is not voided. 0 and *voided (borrowed until the next call); -ENOENT nothing to
 * undo; or the commit's error. */
MUST_CHECK int intake_undo(struct intake *intake, uint64_t event_ms, const struct intake_recent **voided);
/* index 0 is the newest; NULL past the end. Borrowed until the next scan. */
const struct intake_recent *intake_recent(const struct intake *intake, uint32_t index);

/* Names an unknown code: links it to the item and books the stock of its unknown sales that still stand. Adds
 * the events to changes; the caller commits. 0, -E2BIG past INTAKE_NAMED_MAX sales, or the disk's error. */
MUST_CHECK int intake_name_code(struct intake *intake, const struct card *card, uint32_t item,
                                uint64_t event_ms, struct changes *changes);

#endif
