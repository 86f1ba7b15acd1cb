/* How an item is shown when several shops sell it: each its own share (allocate: what buyers may take never
 * exceeds what there is, by our doing), or all of them the whole (mirror: more is sold, and two buyers in two
 * shops can take the same unit within one window). Pure: facts in, a decision with its reasons out.
 *
 * Law, whatever the mode says: mirrored is only among online shops of one location, while every one of them
 * can be reached and nothing is carried to a market; never one of a kind, never as few as one usual order
 * takes. The booth never mirrors. `auto` mirrors n units when P(more than n are ordered within the window) ≤
 * risk; that is a model's estimate (demand.h), not a guarantee. */
#ifndef FAIRSTOCK_DOMAIN_PUBLISH_H
#define FAIRSTOCK_DOMAIN_PUBLISH_H

#include "domain/demand.h"
#include "domain/event.h"

enum publish_mode {
    PUBLISH_INHERIT = 0, /* of an item: as the ledger says; of the ledger: allocate */
    PUBLISH_ALLOCATE,
    PUBLISH_MIRROR,
    PUBLISH_AUTO,
};
const char *publish_mode_name(enum publish_mode mode); /* "allocate"…; "default" for INHERIT */
/* False: no such name. */
bool publish_mode_from_name(const char *name, enum publish_mode *mode);
/* An item's own mode travels in its flags (enum item_flag); the other flags stay as they are. */
enum publish_mode publish_mode_of(uint32_t flags);
uint32_t publish_flags(uint32_t flags, enum publish_mode mode);

/* How long a sale at one shop may stay unknown to the others, or what else is to be survived. */
struct publish_window {
    int64_t visibility_ms; /* until an order can be read: the channel's assumption */
    int64_t poll_ms;       /* distance of readings */
    int64_t request_ms;    /* 95 % of requests answer within: one reads, one lowers */
    int64_t outage_ms;     /* the network may be gone so long without being noticed or mended */
};
/* The sum of the upper bounds of the first three, at least the outage. Each number below 0 counts as 0. */
int64_t publish_window_ms(const struct publish_window *window);

/* What the ledger knows of an item when a level is chosen: the model's answer, kept so that no level needs
 * the model. Zero: nothing known. */
struct publish_limits {
    uint16_t usual_order; /* never mirrored at or below; 0: nothing known */
    uint16_t enough;      /* auto mirrors from so many units on; 0: never */
};
/* When a new estimate replaces an old one: at once where it is more careful, else only when it differs by
 * more than a tenth, so that levels do not travel with every order. */
struct publish_limits publish_limits_of(const struct demand *demand, int64_t window_ms, double risk,
                                        struct publish_limits before);

/* What decides. */
struct publish_case {
    enum publish_mode mode; /* the item's own, or the ledger's; not INHERIT */
    bool one_of_a_kind;
    bool calm; /* every shop of the location was reachable for a while and nothing is carried to a market */
    uint32_t listings; /* that would show the same units */
    int64_t units;     /* that they would all show */
    struct publish_limits limits;
};

enum publish_verdict {
    PUBLISH_MIRRORED = 1, /* auto, or as the seller wants it */
    PUBLISH_ONE_LISTING,  /* nobody to mirror with */
    PUBLISH_WANTED,       /* the seller wants shares */
    PUBLISH_UNIQUE,       /* one of a kind */
    PUBLISH_NOT_CALM,     /* a shop is out of reach, or a market is on */
    PUBLISH_TOO_FEW,      /* not more than a usual order, or than one */
    PUBLISH_UNKNOWN,      /* auto, and too little was observed */
    PUBLISH_RISKY,        /* auto, and fewer units than enough */
};
enum publish_verdict publish_decide(const struct publish_case *publish);
/* A sentence for the page. Static text. */
const char *publish_words(enum publish_verdict verdict);

#endif
