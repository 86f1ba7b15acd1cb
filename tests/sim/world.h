/* A small world for the sync engine: the real engine and the real book, two shops of any kind (shops/shop.h),
 * one booth, a network that loses things, people at both ends. One item, one listing in each shop. All of it
 * is plain data that can be copied, compared and taken back, so that every order of events can be tried.
 * Nothing in it decides what the engine should do; it knows the laws of docs/events.md and of design promise
 * 4 and checks them after every action. */
#ifndef FAIRSTOCK_TESTS_SIM_WORLD_H
#define FAIRSTOCK_TESTS_SIM_WORLD_H

#include "shops/shop.h"
#include "sync/engine_internal.h"

enum {
    WORLD_CHANNELS = 2,
    WORLD_OPS_MAX = 4,
    WORLD_DELIVERY = 3,
    WORLD_LINES_MAX = 4,
    WORLD_CARDS_MAX = 8,
    WORLD_WORDS_MAX_BYTES = 400
};

/* What may still happen from outside, how often. */
struct world_budget {
    int8_t sales, orders, cancels, ships, edits, restarts, losses;
    int8_t outages; /* of which the system tells: the link went, and came back */
    int8_t nears;   /* of time that passes only nearly until a timer is due, so that things happen just before
                       it */
    int8_t images, restores; /* of the ledger alone; the rest of the world goes on */
    int8_t fades;            /* of which nobody tells: further away nothing gets through any more */
    int8_t unpaids;          /* orders that wait for their payment, and may get it or not */
    int8_t pauses;           /* a person takes a listing off sale, and may put it back */
    int8_t deliveries;       /* of WORLD_DELIVERY new units to the booth */
    int8_t lates;            /* a request that we give up reaches the shop after all */
};

/* What a world is made of. */
struct world_setup {
    int64_t units;
    uint32_t booth_percent;
    struct shop_settings shops[WORLD_CHANNELS]; /* kind 0: the practice shop */
};

/* A request with at most one write, without pointers. */
struct world_request {
    struct channel_request request; /* writes: not used */
    struct level_write write;
};

enum wire_state { WIRE_IDLE, WIRE_REQUEST, WIRE_ANSWER };

/* An answer with its rows, without pointers. */
struct world_answer {
    struct channel_answer answer; /* its array: not used */
    union {
        struct answer_listing listing;
        struct answer_order_line orders[WORLD_LINES_MAX];
        int64_t level_after;
        bool found;
    };
};

/* Shared between copies of a world until one of them changes it. */
struct world_shop {
    uint32_t references;
    struct shop *shop;
};

struct world_channel {
    struct channel row;
    bool has_listing;
    struct listing listing;
    uint32_t op_count;
    struct op ops[WORLD_OPS_MAX];
    uint32_t line_count;
    struct order_line lines[WORLD_LINES_MAX];
    /* the engine */
    struct engine_memory memory;
    struct listing_watch watches[2];
    struct engine_view view;
    uint64_t serial;
    int64_t wake_ms;
    /* the way to the shop */
    enum wire_state wire;
    struct world_request request;
    struct world_answer answer;
    bool stray; /* a request of an engine that was killed is still on its way */
    struct world_request stray_request;
    int64_t stray_ms; /* when nobody waited for it any more */
    struct world_shop *shop;
    const struct channel_caps *caps;
    bool lose_reply;  /* of the next change that the shop is asked for */
    bool orders_read; /* since the shop was last seen to be out of reach */
    /* what is true, kept apart from what is believed */
    int64_t events_expected; /* E as the events say */
    int64_t events_held;
    int64_t edited; /* units people changed at the shop's level */
    int64_t edits_booked;
    bool touched;                  /* by people, ever */
    bool given_up;                 /* an order was not paid, and nobody knows what became of its units */
    bool off_sale;                 /* a person took it off sale, */
    bool off_sale_told;            /* …and the engine has read so, with nothing of its own on the way */
    int64_t back[WORLD_LINES_MAX]; /* by order: units that are booked as come back by themselves */
    int64_t high_level;            /* the highest the level was since somebody set this back */
    uint32_t orders_placed;
    uint32_t restored_count; /* ops that were unsettled in the image that was restored */
    struct id128 restored[WORLD_OPS_MAX];
};

struct world_image; /* world_restore.c; shared between copies, never changed */

struct world_card {
    enum card_kind kind;
    enum card_state state;
    enum card_option chosen;
    uint32_t channel;
    char key[SOURCE_KEY_MAX_BYTES + 1];
    int64_t units;
};

struct world {
    int64_t now_ms; /* monotonic; the wall clock is WORLD_WALL_MS later */
    uint64_t random;
    uint32_t booth_percent;
    struct stock stock;        /* as the book has it */
    struct stock events_stock; /* as the events say */
    bool network, faded;       /* faded: it went without a word, and comes back so */
    struct world_budget budget;
    struct world_channel channels[WORLD_CHANNELS];
    struct world_card cards[WORLD_CARDS_MAX];
    uint32_t card_count;
    struct suspicion suspicion;
    struct world_image *image; /* NULL none */
    uint32_t last_changes;     /* events and rows of the last engine step */
};

/* The machinery that worlds are run on: engines and book that take over a world's state for one step. */
struct bench;
struct bench *bench_new(const struct world_setup *setup);
void bench_free(struct bench *bench);

enum action_kind {
    ACTION_RUN = 1, /* an engine whose timer is due takes its step */
    ACTION_TIME,    /* nothing is on the way to or from this channel: time passes until its engine wakes */
    ACTION_NEAR,    /* …until just before it wakes */
    ACTION_SERVE,   /* the request reaches the shop */
    ACTION_ANSWER,  /* the answer reaches the engine */
    ACTION_LOSE,    /* the request, or the answer, is lost on the way */
    ACTION_SERVE_STRAY,
    ACTION_DROP_STRAY,
    ACTION_SALE,   /* a unit leaves the booth */
    ACTION_BUY,    /* a buyer buys one at the shop */
    ACTION_CANCEL, /* a person cancels an order at the shop */
    ACTION_CANCEL_RESTOCK,
    ACTION_SHIP,
    ACTION_EDIT_UP,
    ACTION_EDIT_DOWN,
    ACTION_NETWORK_DOWN,
    ACTION_NETWORK_UP,
    ACTION_FADE,
    ACTION_FADE_BACK,
    ACTION_IMAGE,   /* the ledger is copied */
    ACTION_RESTORE, /* kill, and the copy takes the ledger's place */
    ACTION_ACCEPT,  /* the seller says that this one goes on */
    ACTION_RESTART, /* kill and start again: engines forgotten, book kept */
    ACTION_LATE,    /* we give the request up, and it is still on its way */
    ACTION_BUY_UNPAID,
    ACTION_PAY,
    ACTION_EXPIRE,
    ACTION_PAUSE,
    ACTION_RESUME,
    ACTION_DELIVER, /* new units come to the booth */
};
enum { WORLD_ACTIONS_MAX = 64 };

struct action {
    uint8_t kind;
    uint8_t channel;
    uint8_t order; /* index */
};

/* A world with the units on hand, both shops connected, baselined and settled. 0, or -1 with words. bench:
 * made for the same setup. */
int world_new(struct bench *bench, const struct world_setup *setup, struct world *world, char *words);
void world_copy(struct world *to, const struct world *from);
void world_free(struct world *world);
/* What can happen next; returns the number. */
int world_actions(const struct world *world, struct action actions[WORLD_ACTIONS_MAX]);
/* Does it and checks every law. 0, or -1 with words. */
int world_do(struct bench *bench, struct world *world, struct action action, char *words);
/* Only what decides about the future counts; times count in classes. */
uint64_t world_hash(const struct world *world);
/* Network up, nothing lost: runs until nothing is owed, then through one whole idle round, and checks that
 * shops, ledger and wishes agree and that the idle round changed nothing. 0, or -1 with words. */
int world_settle(struct bench *bench, struct world *world, char *words);
/* "B: serve write -1"… */
void world_action_text(const struct world *world, struct action action, char *text, size_t size);
/* A person decides a card (resolve.h). 0, or negative errno. */
int world_decide(struct bench *bench, struct world *world, enum card_kind kind, enum card_option option);
/* Whatever goes on by itself now, without time passing. */
int world_run(struct bench *bench, struct world *world, char *words);
/* The shop does the next change it is asked for and its answer is lost. */
void world_lose_next_reply(struct world *world, int channel);
/* What the shop holds. */
int64_t world_level(const struct world *world, int channel);
/* …and buyers can use: nothing of a listing that is off sale. */
int64_t world_usable(const struct world *world, int channel);
const struct world_card *world_card(const struct world *world, enum card_kind kind);

#endif
