/* How much online buyers may want of an item, estimated from its orders. Pure; owns nothing, reads no clock.
 *
 * The model: orders of an item arrive as a Poisson process whose rate is unknown; rates differ between items
 * as a gamma distribution does, the shop-wide prior. What an item's own orders add to the prior is again a
 * gamma distribution, and the number of orders in a time to come is then negative binomial (a gamma-Poisson
 * mixture: M. Greenwood, G. U. Yule, J. R. Stat. Soc. 83 (1920) 255-279; A. Gelman et al., Bayesian Data
 * Analysis, 3rd ed., section 2.6). The prior is fitted by moments with unequal times of observation (R. J.
 * Marshall, J. R. Stat. Soc. C 40 (1991) 283-294). An order takes one unit or several, so units are a
 * compound sum, computed exactly by Panjer's recursion (H. H. Panjer, ASTIN Bulletin 12 (1981) 22-26): every
 * term of it is positive here, so nothing cancels; it starts from a logarithm and is rescaled on its way, so
 * nothing underflows.
 *
 * It is a model: bursts (a mention in the news) are not in it. Who uses it says so (publish.h). */
#ifndef FAIRSTOCK_DOMAIN_DEMAND_H
#define FAIRSTOCK_DOMAIN_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DEMAND_SIZES = 32,       /* an order of more units counts as one of so many, and as oversize */
    DEMAND_UNITS_MAX = 4096, /* no estimate looks further */
    DEMAND_WINDOW_DAYS = 90, /* orders of before do not count */
    DEMAND_ITEMS_MIN = 5,    /* of so many items with an order… */
    DEMAND_ORDERS_MIN = 20,  /* …and so many orders in all something is known */
};

/* What was observed of one item (over all channels, or of one): sufficient for the model. */
struct demand_counts {
    uint32_t orders; /* order lines placed in the window, cancelled ones too: they took the unit */
    uint64_t units;  /* stock units in them */
    uint32_t sizes[DEMAND_SIZES]; /* orders by their units: sizes[0] of one unit… */
    uint32_t oversize;            /* of more than DEMAND_SIZES units */
    double days;                  /* observed so long within the window: since its first order, which is later
                                     than when it was first offered, so that a rate is rather too high; 0 never ordered */
};

/* Counts one order line of `units` stock units; 0 and less count as nothing. */
void demand_count(struct demand_counts *counts, int64_t units);

/* Sums over the items of a shop, kept while walking them; zero to begin with. */
struct demand_moments {
    uint32_t items;
    double orders, days, orders_squared_per_day;
    double sizes[DEMAND_SIZES];
};
/* Items that were observed for less than a day are left out: one order in an hour is no rate. */
void demand_observe(struct demand_moments *moments, const struct demand_counts *counts);

/* The shop-wide prior. */
struct demand_prior {
    bool known;                 /* false: too little was observed, nothing below means anything */
    double shape, days;         /* gamma distribution of an item's orders a day: shape, and rate in days */
    double sizes[DEMAND_SIZES]; /* probability that an order has 1, 2… units */
    uint32_t items;
    double orders;
};
void demand_fit(const struct demand_moments *moments, struct demand_prior *prior);

/* What is believed of one item. */
struct demand {
    bool known;
    double shape, days;         /* gamma distribution of its orders a day */
    double sizes[DEMAND_SIZES]; /* sums to 1 */
    bool oversize;              /* it has orders that the sizes do not show */
};
void demand_estimate(const struct demand_prior *prior, const struct demand_counts *counts,
                     struct demand *demand);

/* P(more than n units are ordered within `days`), from 0 to 1, with an absolute error below 1e-9. 1 when
 * nothing is known. */
double demand_beyond(const struct demand *demand, double days, uint32_t n);
/* The fewest units n with P(more than n within `days`) ≤ risk; DEMAND_UNITS_MAX + 1: none that far. */
uint32_t demand_enough(const struct demand *demand, double days, double risk);
/* Units of a usual order: the fewest that 95 % of the orders do not exceed. */
uint32_t demand_usual_order(const struct demand *demand);
/* Units a day: expected, and between what with 95 % probability, as far as the rate of orders is unknown. */
struct demand_rate {
    double mean, low, high;
};
struct demand_rate demand_rate(const struct demand *demand);

#endif
