/* From the order lines of the last months to what the book needs to show items (publish.h): limits of each
 * item and weights of its listings. Two walks over the same lines, sorted by item; kept in between are sums
 * only. Pure.
 *
 *   estimate_begin; estimate_observe for each line; estimate_fit;
 *   estimate_apply for each line again; estimate_end.
 *
 * A listing's weight is what was asked for there, smoothed with its channel's part of all that was asked for
 * anywhere, worth as much as ESTIMATE_SPLIT_UNITS (the posterior mean of a multinomial split with a Dirichlet
 * prior: A. Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.4). */
#ifndef FAIRSTOCK_DOMAIN_ESTIMATE_H
#define FAIRSTOCK_DOMAIN_ESTIMATE_H

#include "domain/book.h"
#include "domain/demand.h"
#include "domain/shares.h"

enum { ESTIMATE_SPLIT_UNITS = 5, ESTIMATE_LOOK_BACK_DAYS = 2 * DEMAND_WINDOW_DAYS };

struct estimate_line {
    uint32_t item, channel, listing;
    int64_t units;      /* stock units ordered, cancelled ones too */
    int64_t created_ms; /* by the shop's clock; lines before now − ESTIMATE_LOOK_BACK_DAYS are not needed */
};

/* One item on its way through a walk. */
struct estimate_item {
    uint32_t item; /* 0 none */
    struct demand_counts counts;
    int64_t first_ms;
    uint32_t listing_count; /* SHARES_MAX at most: more have no weights */
    struct {
        uint32_t channel, listing;
        int64_t units;
    } listings[SHARES_MAX];
};

struct estimate {
    int64_t now_ms, window_ms;
    double risk;
    struct demand_moments moments;
    struct demand_prior prior;
    int64_t channel_units[CHANNELS_MAX + 1], all_units; /* of the window */
    struct estimate_item item;
    uint32_t next_item; /* of the second walk: items before it have their limits */
};

/* now_ms: the shop's clock, at least roughly; window_ms, risk: publish_limits_of. */
void estimate_begin(struct estimate *estimate, int64_t now_ms, int64_t window_ms, double risk);
void estimate_observe(struct estimate *estimate, const struct estimate_line *line);
void estimate_fit(struct estimate *estimate);
/* 0 or -ENOMEM. */
MUST_CHECK int estimate_apply(struct estimate *estimate, const struct estimate_line *line, struct book *book);
MUST_CHECK int estimate_end(struct estimate *estimate, struct book *book);

/* The counts of one item from its lines, for the page: begin with a zero item, count each line, then finish.
 */
void estimate_count(const struct estimate *estimate, struct estimate_item *item,
                    const struct estimate_line *line);
void estimate_finish(const struct estimate *estimate, struct estimate_item *item);

#endif
