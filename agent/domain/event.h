/* The ledger's events as values, and their canonical bytes (docs/events.md is the specification).
 * Pure: no clock, no I/O, no allocation. Texts are borrowed slices. */
#ifndef FAIRSTOCK_DOMAIN_EVENT_H
#define FAIRSTOCK_DOMAIN_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/limits.h"
#include "domain/text.h"

enum event_kind {
    EVENT_EPOCH = 1,
    EVENT_SEAL = 2,
    EVENT_TIME_FACT = 3,
    EVENT_SETTING = 4,
    EVENT_ITEM_CREATED = 10,
    EVENT_ITEM_CHANGED = 11,
    EVENT_BARCODE_LINKED = 12,
    EVENT_LOCATION_CREATED = 14,
    EVENT_SALE = 20,
    EVENT_VOID = 21,
    EVENT_UNKNOWN_NAMED = 27,
    EVENT_ADJUSTMENT = 30,
    EVENT_TRANSFER = 32,
    EVENT_CHANNEL_CONNECTED = 50,
    EVENT_CHANNEL_LIVE = 51,
    EVENT_LISTING_LINKED = 52,
    EVENT_BASELINE = 54,
    EVENT_GRANT = 55,
    EVENT_REVOKE = 56,
    EVENT_ORDER_STATE = 57,
    EVENT_LEVEL_EDIT = 58,
    EVENT_OP_RESULT = 59,
    EVENT_CARD_DECISION = 60,
    EVENT_WITNESS = 61,
    EVENT_RESTORE_DECISION = 62,
    EVENT_SALVAGE = 63,
    EVENT_CATCH_UP = 64,
};

enum { HASH_BYTES = 32, CURRENCY_TEXT_BYTES = 4, FINGERPRINT_BYTES = 8 };

/* ALLOCATE, MIRROR, both (auto) or neither (as the ledger says): how it is shown, domain/publish.h. */
enum item_flag { ITEM_ONE_OF_A_KIND = 1, ITEM_ARCHIVED = 2, ITEM_ALLOCATE = 4, ITEM_MIRROR = 8 };
enum location_kind { LOCATION_BOOTH = 1, LOCATION_STUDIO, LOCATION_SHELF };
enum sale_flag { SALE_BEYOND_LEDGER = 1, SALE_SECOND_SCAN = 2, SALE_BACK_DATED = 4 };
enum adjustment_reason {
    ADJUST_OPENING = 1,
    ADJUST_FOUND,
    ADJUST_LOST,
    ADJUST_DAMAGED,
    ADJUST_STOLEN,
    ADJUST_GIFT,
    ADJUST_SAMPLE,
    ADJUST_MADE,
    ADJUST_CORRECTION,
};
enum revoke_proof { PROOF_ANSWER = 1, PROOF_REFUSED_GRANT, PROOF_READ_BACK, PROOF_SELLER };
enum edit_cause { EDIT_AT_SHOP = 1, EDIT_SHOP_RESTORED, EDIT_SELLER };
enum clock_quality { CLOCK_UNKNOWN = 0, CLOCK_BY_HAND, CLOCK_PHONE, CLOCK_SHOP, CLOCK_NTP };

/* A reference to an event: generations back along the epoch path, and sequence. {0, 0} is none. */
struct event_ref {
    uint64_t generations_back;
    uint64_t sequence;
};

struct sale_line {
    uint32_t item;    /* alias; 0: unknown, code is set */
    struct text code; /* only when item is 0 */
    int64_t quantity; /* stock units */
    int64_t unit_price_minor, unit_cost_minor;
    uint32_t tax_rate_thousandths; /* of a percent */
    uint32_t price_rule;
};
struct stock_effect {
    uint32_t item, location; /* aliases */
    int64_t delta;           /* stock units, on hand */
};
struct sale_tender {
    uint32_t kind;
    int64_t amount_minor;
};

/* The seven booked differences of an order line, in the listing's units (docs/events.md kind 57). */
struct order_vector {
    int64_t ordered, held, cancelled, handed_over, returned_sellable, returned_unsellable, restored;
};

/* Positions first…last are missing from a ledger that was salvaged. hash: of the events between them and the
 * next start or seal, chained from the last one before them (docs/events.md section 3). */
struct lost_events {
    uint64_t first, last;
    uint8_t hash[HASH_BYTES];
};

enum catch_up_step { CATCH_UP_BEGUN = 1, CATCH_UP_ENDED };
/* Of a channel, when a catch-up ended: its listings by what reading them back showed. */
enum read_back_number {
    READ_BACK_CHANNEL,
    READ_BACK_EQUAL,
    READ_BACK_DIFFERENT,
    READ_BACK_UNREAD,
    READ_BACK_PARKED,
    READ_BACK_NUMBERS
};
struct read_back {
    uint32_t numbers[READ_BACK_NUMBERS];
};

struct event {
    uint32_t kind;    /* enum event_kind; another value after decoding means "unknown, keep" */
    uint32_t version; /* 1; an epoch with a fingerprint 2 */
    uint64_t time_ms; /* CLOCK_BOOTTIME since this start's epoch event */
    union {
        struct {
            struct id128 device, epoch, parent_epoch, boot;
            uint64_t generation, parent_sequence, boottime_ms;
            uint8_t parent_hash[HASH_BYTES], fingerprint[FINGERPRINT_BYTES]; /* version 2; zero unknown */
            int64_t wall_ms;
            uint32_t quality, flags;
            struct text program;
        } epoch;
        struct {
            uint8_t hash[HASH_BYTES];
            uint64_t events;
        } seal;
        struct {
            struct id128 boot;
            int64_t offset_ms;
            uint32_t quality;
            struct text source;
        } time_fact;
        struct {
            struct text key, value;
        } setting;
        struct {
            uint32_t item;
            struct text sku, title;
            int64_t price_minor, cost_minor;
            struct text currency;
            uint32_t flags, reorder_point, lead_days;
        } item; /* created and changed */
        struct {
            uint32_t item;
            struct text code;
            uint32_t pack;
        } barcode;
        struct {
            uint32_t location;
            struct text name;
            uint32_t kind;
        } location;
        struct {
            uint32_t flags, location, market;
            struct event_ref basket;
            uint32_t source, line_count, tender_count;
            struct sale_line lines[SALE_LINES_MAX];
            struct sale_tender tenders[SALE_TENDERS_MAX];
        } sale;
        struct {
            struct event_ref target;
            uint32_t reason; /* 1 undo, 2 correction */
            uint32_t effect_count;
            struct stock_effect effects[SALE_LINES_MAX];
        } voided;
        struct {
            struct event_ref sale;
            uint32_t line, item;
            int64_t quantity;
            uint32_t location;
        } named;
        struct {
            uint32_t item, location;
            int64_t delta;
            uint32_t reason;
            int64_t unit_cost_minor;
        } adjustment;
        struct {
            uint32_t item;
            int64_t quantity;  /* stock units, ≥ 0 */
            uint32_t from, to; /* locations */
        } transfer;
        struct {
            uint32_t channel;
            struct text kind, name;
            uint32_t location;
        } channel;
        struct {
            uint32_t channel, live;
        } live;
        struct {
            uint32_t channel, listing;
            struct text remote_id;
            uint32_t item, pack;
        } listing;
        struct {
            uint32_t channel, listing, item, pack, location;
            int64_t level;      /* listing units */
            uint64_t committed; /* listing units of orders open at connecting */
        } baseline;
        struct {
            uint32_t channel, listing;
            uint64_t units;
            struct id128 op;
            uint32_t proof; /* revoke only: enum revoke_proof */
        } allocation;       /* grant and revoke */
        struct {
            uint32_t channel;
            struct text source_key, order;
            uint32_t listing, item, pack, location;
            int64_t version;
            struct order_vector difference;
        } order;
        struct {
            uint32_t channel, listing;
            int64_t delta;
            uint32_t cause, adopted;
        } edit;
        struct {
            uint32_t channel;
            struct id128 op;
            uint32_t kind, outcome;
            struct text words;
        } op_result;
        struct {
            uint32_t card_kind;
            struct event_ref origin;
            struct text key;
            uint32_t option;
            struct text detail;
        } decision;
        struct {
            struct event_id seen;
            uint8_t hash[HASH_BYTES]; /* its h; zero unknown */
            struct text who;
        } witness;
        struct {
            struct id128 epoch; /* of the witness that it answers */
            uint32_t accepted;  /* 1 this ledger goes on, 0 it is the copy */
        } restore;
        struct {
            uint32_t gap_count;
            struct lost_events gaps[SALVAGE_GAPS_MAX];
        } salvage;
        struct {
            uint32_t step;          /* enum catch_up_step */
            struct event_ref after; /* the last event before what it covers; none: this start's epoch event */
            uint32_t channel_count; /* ended: what was read back, of each shop */
            struct read_back channels[CHANNELS_MAX];
        } catch_up;
    };
};

/* Writes the canonical bytes. Returns their number, or -E2BIG when size is too small or a list or text
 * exceeds its limit, -EINVAL for a kind this version cannot write, text that is not UTF-8 or a negative
 * number of units where the specification has none. */
MUST_CHECK int event_encode(const struct event *event, uint8_t *bytes, size_t size);

/* Reads canonical bytes; texts borrow from them. 0; -EBADMSG for damage (docs/events.md section 2). An
 * unknown kind or a newer version's extra fields are not damage: kind is set, fields that are known are
 * filled. */
MUST_CHECK int event_decode(const uint8_t *bytes, size_t length, struct event *event);

/* "sale", "grant"…; "unknown" for a kind this version does not know. Static text. */
const char *event_kind_name(uint32_t kind);

#endif
