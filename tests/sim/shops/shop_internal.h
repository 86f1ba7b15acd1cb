/* What the models share: the state of a shop and the parts that all of them have. For this folder only. */
#ifndef FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_INTERNAL_H
#define FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_INTERNAL_H

#include "channel/practice_shop.h"
#include "shop.h"

#define SHOP_LEVEL_MAX   INT64_C(2000000000)
#define SHOP_NEVER_MS    INT64_MIN
#define SHOP_LATE_MAX_MS (72 * (int64_t)SHOP_HOUR_MS)
enum {
    SHOP_FIRST_ORDER = 1001,
    SHOP_SECOND_MS = 1000,
    SHOP_MINUTE_MS = 60 * SHOP_SECOND_MS,
    SHOP_HOUR_MS = 60 * SHOP_MINUTE_MS,
    SHOP_DAY_MS = 24 * SHOP_HOUR_MS,
};

struct shop_listing {
    char sku[SKU_MAX_BYTES + 1];
    int64_t level;
    bool tracked, enforces, paused;
    bool sold_out;       /* Etsy: ended by itself at zero */
    uint32_t document;   /* Etsy */
    uint32_t product_id; /* Etsy: made anew with each write of its document */
    int64_t counted;     /* Square: the count its ledger starts from, */
    int64_t counted_ms;  /* and when that was */
};

/* Units of the line. open = quantity − cancelled − elsewhere − shipped, once the order is paid. */
struct shop_line {
    uint32_t listing;
    int64_t quantity;
    int64_t took; /* units missing from the level because of it; a return's are negative */
    int64_t cancelled, shipped, returned_sellable, restored;
    int64_t restored_unseen; /* put back with no record that an order reading could show */
    int64_t elsewhere;       /* Square: cancelled by a return order of its own */
    int64_t refunded;        /* of the shipped ones */
};

/* What the models decide by. WooCommerce's statuses in full; the others use the first three. */
enum shop_phase {
    PHASE_UNPAID = 1, /* pending */
    PHASE_PAID,       /* processing */
    PHASE_GIVEN_UP,   /* never paid; WooCommerce: cancelled, whatever was before */
    PHASE_ON_HOLD,
    PHASE_COMPLETED,
    PHASE_FAILED,
    PHASE_REFUNDED,
};

struct shop_order {
    uint32_t number, line_count;
    enum shop_phase phase;
    bool own;     /* WooCommerce: made by us, carries our mark */
    bool reduced; /* WooCommerce: its flag that stock was reduced, which makes repeats harmless */
    bool hidden;  /* never listed any more */
    uint32_t origin, origin_line;               /* Square: of what this is the return; 0 none */
    struct id128 reference;                     /* own: the op */
    int64_t created_ms, changed_ms, indexed_ms; /* indexed_ms: the change before, SHOP_NEVER_MS none */
    struct shop_line lines[SHOP_LINES_MAX];
};

enum shop_record_kind { RECORD_KEY = 1, RECORD_ADJUSTMENT, RECORD_COUNT };

/* One write as the shop remembers it, or one entry of Square's change ledger; in the order of arrival. */
struct shop_record {
    struct id128 key, op; /* zero: not ours */
    enum shop_record_kind kind;
    bool applied;
    uint32_t listing, index; /* index in its request */
    int64_t used_ms;         /* arrival */
    int64_t occurred_ms;
    uint64_t content; /* hash of the whole request */
    int64_t value;    /* adjustment, or count */
    int64_t level_after;
};

struct shop_started {
    bool used;
    bool reduced; /* WooCommerce: the order had reduced stock when it was looked at */
    struct id128 key;
    int64_t snapshot[SHOP_LISTINGS_MAX]; /* Etsy: the document as fetched */
};

struct shop {
    const struct shop_ops *ops;     /* constant data: a copied shop shares it */
    struct practice_shop *practice; /* SHOP_PRACTICE: owned; else NULL */
    struct shop_settings settings;
    size_t size; /* of this block with its orders and records behind */
    int64_t clock_ms;
    uint32_t listing_count, order_count, record_count;
    uint32_t next_order, next_product, fees;
    int64_t claim_version;
    char claim[CLAIM_TEXT_MAX_BYTES];
    struct shop_started started;
    struct shop_listing listings[SHOP_LISTINGS_MAX];
    struct shop_order orders[]; /* settings.orders_max; then settings.writes_max records */
};

/* A kind of shop. NULL: -ENOTSUP, or the usual thing where the comment says so. */
struct shop_ops {
    enum shop_kind kind;
    const char *name;
    const struct channel_caps *caps;
    const struct channel_caps *order_caps; /* with order_writes; NULL none */
    int64_t key_life_ms;     /* how long keys live at the shop, unless its settings say otherwise */
    int64_t since_margin_ms; /* asked for this much earlier, because `since` excludes its own moment; 0
                                includes */
    int64_t grain_ms;        /* of its times as adapters see them */
    bool sends_times;        /* level_write.occurred_ms is part of the request */
    bool moves_are_recorded; /* each change of a level needs a record */
    bool edits_paid, edits_unpaid, ships_parts, has_offline, holds_at_checkout, keeps_claim, policies;
    bool throttled_is_unknown; /* writes */

    int (*write)(struct shop *shop, const struct channel_request *request, int64_t now_ms, bool resumed,
                 struct channel_answer *answer);
    int (*start)(struct shop *shop, const struct channel_request *request); /* NULL: nothing to remember */
    int (*half)(struct shop *shop, const struct channel_request *request, int64_t now_ms); /* NULL: nothing */
    void (*find)(const struct shop *shop, const struct channel_request *request, bool *found);
    int (*cancel_by_api)(struct shop *shop, struct shop_order *order, int64_t now_ms);
    /* What the adapter makes of a line; NULL: shop_line_state. */
    void (*state)(const struct shop *shop, const struct shop_order *order, const struct shop_line *line,
                  struct order_vector *state);
    void (*move)(struct shop *shop, uint32_t listing, int64_t delta, int64_t occurred_ms, int64_t now_ms);
    int (*set_level)(struct shop *shop, uint32_t listing, int64_t level, int64_t occurred_ms, int64_t now_ms);
    /* People; NULL: the usual thing (shop_people.c). */
    int (*pay)(struct shop *shop, struct shop_order *order, int64_t now_ms);
    int (*expire)(struct shop *shop, struct shop_order *order, int64_t now_ms);
    int (*cancel)(struct shop *shop, struct shop_order *order, bool restock, int64_t now_ms);
    int (*ship)(struct shop *shop, struct shop_order *order, uint32_t line, int64_t units, int64_t now_ms);
    int (*refund)(struct shop *shop, struct shop_order *order, uint32_t line, int64_t units, bool restock,
                  int64_t now_ms);
    int (*pause)(struct shop *shop, uint32_t listing, bool paused);
    /* NULL: -ENOTSUP */
    int (*set_status)(struct shop *shop, struct shop_order *order, const char *status, int64_t now_ms);
    int (*delete_order)(struct shop *shop, struct shop_order *order);
    /* Records from before this moment, by both their times, are about to go; NULL: nothing. Sales arrive up
     * to SHOP_LATE_MAX_MS late, so nothing younger than that goes then. */
    void (*forget)(struct shop *shop, int64_t before_ms);
};

extern const struct shop_ops shopify_shop_ops, square_shop_ops, etsy_shop_ops, woo_shop_ops;

/* The practice shop (practice_model.c): the product's own behind the same interface. */
int practice_model_init(struct shop *shop);
int practice_model_copy(struct shop *copy, const struct shop *shop);
int practice_model_add(struct shop *shop, const char *sku, int64_t level);
int practice_model_buy(struct shop *shop, const struct shop_basket *basket, int64_t now_ms, uint32_t *order);
int practice_model_cancel(struct shop *shop, uint32_t order, bool restock, int64_t now_ms);
int practice_model_ship(struct shop *shop, uint32_t order, uint32_t line, int64_t units, int64_t now_ms);
int practice_model_edit_level(struct shop *shop, uint32_t listing, int64_t delta, int64_t now_ms);
int64_t practice_model_level(const struct shop *shop, uint32_t listing);
uint32_t practice_model_truths(const struct shop *shop, struct shop_truth *truths, uint32_t max);
enum shop_write_state practice_model_write_state(const struct shop *shop, struct id128 key, int64_t now_ms);
bool practice_model_repeated_level(const struct shop *shop, struct id128 key, int64_t now_ms, int64_t *level);
uint64_t practice_model_hash(const struct shop *shop, uint64_t hash);

/* --- shared parts ------------------------------------------------------------------------------------- */

struct shop_record *shop_records(struct shop *shop);
const struct shop_record *shop_records_of(const struct shop *shop);
/* The shop's clock moves on; returns what it shows. */
int64_t shop_clock(struct shop *shop, int64_t now_ms);
struct shop_listing *shop_find_remote(struct shop *shop, const char *remote_id, uint32_t *listing);
struct shop_order *shop_find_order(struct shop *shop, uint32_t number);
int64_t shop_open_units(const struct shop_order *order, const struct shop_line *line);
/* An empty order at the end of the list, created and changed now; NULL when full. */
struct shop_order *shop_new_order(struct shop *shop, int64_t created_ms, int64_t now_ms);
void shop_remove_order(struct shop *shop, struct shop_order *order);
/* The order changed now: its place in the list of changes follows after the index lag. */
void shop_touch(const struct shop *shop, struct shop_order *order, int64_t now_ms);
/* Room for this many records; -E2BIG. */
int shop_need_records(const struct shop *shop, uint32_t count);
struct shop_record *shop_new_record(struct shop *shop); /* NULL when full; zeroed */
/* Changes a level. Where moves are recorded there must be room (shop_need_records). */
void shop_move_level(struct shop *shop, uint32_t listing, int64_t delta, int64_t occurred_ms, int64_t now_ms);
/* A line takes units from its level, or gives back (units < 0). Nothing where the shop does not count. */
void shop_take(struct shop *shop, struct shop_line *line, int64_t units, int64_t occurred_ms, int64_t now_ms);
void shop_line_state(const struct shop *shop, const struct shop_order *order, const struct shop_line *line,
                     struct order_vector *state);
void shop_show_line(const struct shop *shop, const struct shop_order *order, uint32_t at,
                    struct answer_order_line *shown);
/* When a reading shows the order's present state. */
int64_t shop_visible_ms(const struct shop *shop, const struct shop_order *order);
bool shop_is_open(const struct shop_order *order);
/* The usual thing, for models that add to it. */
int shop_usual_pay(struct shop *shop, struct shop_order *order, int64_t now_ms);
int shop_usual_expire(struct shop *shop, struct shop_order *order, int64_t now_ms);
int shop_usual_cancel(struct shop *shop, struct shop_order *order, bool restock, int64_t now_ms);
int shop_usual_ship(struct shop *shop, struct shop_order *order, uint32_t line, int64_t units,
                    int64_t now_ms);
int shop_usual_refund(struct shop *shop, struct shop_order *order, uint32_t line, int64_t units, bool restock,
                      int64_t now_ms);

/* Answers. refuse: 0. levels: room for the levels after the writes, all "not shown"; -ENOMEM. */
int shop_refuse(struct channel_answer *answer, enum answer_outcome outcome, const char *words);
int shop_answer_levels(struct channel_answer *answer, uint32_t count);
/* What a repeated request must say again to be the same. */
uint64_t shop_content(const struct shop *shop, const struct channel_request *request);
/* All that is known of a request's key: applied writes and their levels answer again, anything else is
 * refused with the words given. True when the key was known and the answer is filled; *result then. */
bool shop_repeat(const struct shop *shop, const struct channel_request *request, int64_t now_ms,
                 const char *mismatch, const char *failed, struct channel_answer *answer, int *result);
int64_t shop_key_life(const struct shop *shop);
uint64_t shop_mix(uint64_t hash, int64_t value);

#endif
