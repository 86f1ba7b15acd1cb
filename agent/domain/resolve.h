/* What a person can do about a card, best first, and what each choice books. Pure: facts and ids come in,
 * words and changes come out. Nothing is cancelled, corrected or written off without the seller's choice
 * (design section 5).
 *
 * Policy when more was sold than there is: the booth's sale stands (it left the table); among orders the one
 * placed last is asked to wait. */
#ifndef FAIRSTOCK_DOMAIN_RESOLVE_H
#define FAIRSTOCK_DOMAIN_RESOLVE_H

#include "domain/change.h"
#include "domain/model.h"
#include "domain/suspicion.h"

enum {
    RESOLVE_OPTIONS_MAX = 6,
    RESOLVE_TITLE_MAX_BYTES = 160,
    RESOLVE_EFFECT_MAX_BYTES = 512, /* a title of TITLE_MAX_BYTES, two names and the sentence */
    RESOLVE_MESSAGE_MAX_BYTES = 640
};

/* What is known about a card's subject when it is shown or decided. Strings are borrowed, never NULL; "" when
 * unknown. */
struct resolve_facts {
    const char *title, *sku; /* of the item */
    const char *shop;        /* the channel's name */
    bool one_of_a_kind;
    uint32_t location;          /* where the units are missing: the channel's location, or the booth's */
    int64_t on_hand, committed; /* there, stock units */
    uint32_t other_location;    /* another place that has the item; 0 none */
    const char *other_location_name;
    int64_t other_available;           /* stock units there */
    const struct order_line *line;     /* the order line that the card is about; NULL none */
    bool channel_cancels;              /* the channel's API can cancel orders */
    const struct listing *listing;     /* the listing that the card is about; NULL none */
    const struct suspicion *suspicion; /* of the ledger; NULL only where no card can be about it */
    bool unsettled;                    /* an op of that listing, or a cancel of that order, is on its way */
};

struct resolve_option {
    enum card_option option;
    char title[RESOLVE_TITLE_MAX_BYTES];   /* the button */
    char effect[RESOLVE_EFFECT_MAX_BYTES]; /* what will happen, before she presses it */
    bool needs_detail;
    char detail_hint[RESOLVE_TITLE_MAX_BYTES];
    char message[RESOLVE_MESSAGE_MAX_BYTES]; /* draft to the buyer; "" none. No name, no address: we never
                                                have them */
};

/* Units that are missing: what OPTION_FOUND puts back. A card below zero speaks of what is missing now; an
 * oversold one of its own units, as far as they are still missing: putting back more would offer the shops
 * what is not there. */
int64_t resolve_missing(const struct card *card, const struct resolve_facts *facts);

/* Fills options, best first; returns their number. 0 for a settled card. */
int resolve_options(const struct card *card, const struct resolve_facts *facts,
                    struct resolve_option options[RESOLVE_OPTIONS_MAX]);

/* What a decision needs from outside. */
struct resolve_stamp {
    uint64_t event_time_ms;
    struct id128 op;         /* fresh; for the op that the choice may need */
    struct id128 op_key;     /* fresh; its request key */
    struct event_ref origin; /* of the event behind the card; {0, 0} none */
};

/* Books what an option says into changes: the decision, its movements, its op, the card's new state. The
 * caller commits. OPTION_NAME_ITEM books the decision only; intake_name_code adds the sales. 0; -EALREADY the
 * card is settled or this choice was made before; -EINVAL not one of the card's options, or detail is missing
 * or too long; -EBUSY a change of that listing or order is on its way: try again when it is settled. */
MUST_CHECK int resolve_decide(const struct card *card, enum card_option option, const char *detail,
                              const struct resolve_facts *facts, const struct resolve_stamp *stamp,
                              struct changes *changes, struct err *err);

/* Which of an item's open order lines are asked to wait when committed > on_hand: the newest first. Puts one
 * CARD_OVERSOLD for each into changes; nothing when all can be filled. The engine calls it with what it
 * books; the shell calls it with store_item_order_lines when a booth sale takes what an order was promised.
 * lines: of this item, in any order (sorted in place); sku: the item's, or "". on_hand, committed: of the
 * item where the lines are filled from, after the sale. */
void resolve_oversold(struct order_line *lines, uint32_t count, const char *sku, int64_t on_hand,
                      int64_t committed, int64_t wall_ms, struct changes *changes);

/* "cancel_refund"…: the names of docs/api.md. NULL for a value that is no option. */
const char *resolve_option_name(enum card_option option);
enum card_option resolve_option_from_name(const char *name); /* OPTION_NONE for another text */

#endif
