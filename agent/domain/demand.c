#include "domain/demand.h"

#include <math.h>

/* An item's sizes are worth as much as so many orders of the whole shop. */
#define SIZE_PRIOR_ORDERS 10.0
/* The prior is never taken for sharper or wider than this, whatever a few items say. */
#define SHAPE_MIN   0.05
#define SHAPE_MAX   50.0
#define USUAL_ORDER 0.95

void demand_count(struct demand_counts *counts, int64_t units)
{
    if (units <= 0)
        return;
    counts->orders++;
    counts->units += (uint64_t)units;
    counts->sizes[(units < DEMAND_SIZES ? units : DEMAND_SIZES) - 1]++;
    counts->oversize += units > DEMAND_SIZES;
}

/* --- the shop
 * ----------------------------------------------------------------------------------------------------------------
 */

void demand_observe(struct demand_moments *moments, const struct demand_counts *counts)
{
    for (int i = 0; i < DEMAND_SIZES; i++)
        moments->sizes[i] += counts->sizes[i];
    if (counts->days < 1)
        return;
    double orders = counts->orders;
    moments->items++;
    moments->orders += orders;
    moments->days += counts->days;
    moments->orders_squared_per_day += orders * orders / counts->days;
}

/* Marshall's global estimator: the variance of the rates, weighted by time, less what chance alone makes. */
static void fit_rate(const struct demand_moments *moments, struct demand_prior *prior)
{
    double mean = moments->orders / moments->days;
    double spread = moments->orders_squared_per_day / moments->days - mean * mean;
    double between = spread - mean * moments->items / moments->days;
    double shape = between > mean * mean / SHAPE_MAX ? mean * mean / between : SHAPE_MAX;
    prior->shape = shape > SHAPE_MIN ? shape : SHAPE_MIN;
    prior->days = prior->shape / mean;
}

static void fit_sizes(const struct demand_moments *moments, struct demand_prior *prior)
{
    double all = 0;
    for (int i = 0; i < DEMAND_SIZES; i++)
        all += moments->sizes[i];
    for (int i = 0; i < DEMAND_SIZES; i++)
        prior->sizes[i] = moments->sizes[i] / all;
}

void demand_fit(const struct demand_moments *moments, struct demand_prior *prior)
{
    *prior = (struct demand_prior){.items = moments->items, .orders = moments->orders};
    prior->known = moments->items >= DEMAND_ITEMS_MIN && moments->orders >= DEMAND_ORDERS_MIN;
    if (!prior->known)
        return;
    fit_rate(moments, prior);
    fit_sizes(moments, prior);
}

/* --- one item
 * ----------------------------------------------------------------------------------------------------------------
 */

void demand_estimate(const struct demand_prior *prior, const struct demand_counts *counts,
                     struct demand *demand)
{
    *demand = (struct demand){.known = prior->known, .oversize = counts->oversize > 0};
    if (!prior->known)
        return;
    demand->shape = prior->shape + counts->orders;
    demand->days = prior->days + counts->days;
    for (int i = 0; i < DEMAND_SIZES; i++)
        demand->sizes[i] =
            (SIZE_PRIOR_ORDERS * prior->sizes[i] + counts->sizes[i]) / (SIZE_PRIOR_ORDERS + counts->orders);
}

/* Panjer's recursion for the negative binomial: g(n) = q Σ (1 + (shape - 1) k / n) f(k) g(n - k), with q the
 * chance that counts orders. Kept: the last DEMAND_SIZES probabilities and their sum so far, both divided by
 * e^log. */
struct units {
    double q, shape;
    const double *sizes;
    double recent[DEMAND_SIZES]; /* g(n) at n % DEMAND_SIZES */
    double sum, log;
    uint32_t n;
};

static struct units units_of(const struct demand *demand, double days)
{
    struct units units = {.q = days / (demand->days + days),
                          .shape = demand->shape,
                          .sizes = demand->sizes,
                          .log = -demand->shape * log1p(days / demand->days),
                          .sum = 1};
    units.recent[0] = 1;
    return units;
}

static void next_unit(struct units *units)
{
    static const double big = 1e200, small = 1e-200, log_big = 460.517018598809136804; /* 200 ln 10 */
    uint32_t n = ++units->n;
    double g = 0;
    for (uint32_t k = 1; k <= DEMAND_SIZES && k <= n; k++)
        g += (1 + (units->shape - 1) * k / n) * units->sizes[k - 1] * units->recent[(n - k) % DEMAND_SIZES];
    g *= units->q;
    units->recent[n % DEMAND_SIZES] = g;
    units->sum += g;
    if (units->sum < big)
        return;
    for (int i = 0; i < DEMAND_SIZES; i++)
        units->recent[i] *= small;
    units->sum *= small;
    units->log += log_big;
}

static double beyond(const struct units *units)
{
    double rest = 1 - exp(units->log + log(units->sum));
    return rest < 0 ? 0 : rest;
}

double demand_beyond(const struct demand *demand, double days, uint32_t n)
{
    if (!demand->known)
        return 1;
    if (days <= 0)
        return 0;
    if (n > DEMAND_UNITS_MAX)
        n = DEMAND_UNITS_MAX;
    struct units units = units_of(demand, days);
    while (units.n < n)
        next_unit(&units);
    return beyond(&units);
}

uint32_t demand_enough(const struct demand *demand, double days, double risk)
{
    if (!demand->known || !(risk > 0))
        return DEMAND_UNITS_MAX + 1;
    if (days <= 0)
        return 0;
    struct units units = units_of(demand, days);
    while (beyond(&units) > risk) {
        if (units.n == DEMAND_UNITS_MAX)
            return DEMAND_UNITS_MAX + 1;
        next_unit(&units);
    }
    return units.n;
}

uint32_t demand_usual_order(const struct demand *demand)
{
    double sum = 0;
    if (!demand->known)
        return 1;
    for (uint32_t i = 0; i < DEMAND_SIZES - 1; i++) {
        sum += demand->sizes[i];
        if (sum >= USUAL_ORDER - 1e-12)
            return i + 1;
    }
    return DEMAND_SIZES;
}

/* --- how well the rate is known
 * ---------------------------------------------------------------------------------------------- */

/* ln Γ(a) by Stirling's series after lifting a above 10 (NIST DLMF 5.11.1): the C library's lgamma writes a
 * global variable. */
static double log_gamma(double a)
{
    double lift = 0;
    for (; a < 10; a++)
        lift += log(a);
    double square = a * a;
    double series = (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - 1.0 / (1680 * square)) / square) / square) / a;
    return (a - 0.5) * log(a) - a + 0.918938533204672742 + series - lift; /* ½ ln 2π */
}

/* P(a gamma variable of this shape ≤ x): the series of DLMF 8.11.4, whose terms are all positive. */
static double gamma_below(double shape, double x)
{
    double term = 1, sum = 1;
    for (double k = 1; term > sum * 1e-16 && k < 10000; k++) {
        term *= x / (shape + k);
        sum += term;
    }
    double log_below = shape * log(x) - x - log_gamma(shape + 1) + log(sum);
    return log_below < 0 ? exp(log_below) : 1;
}

/* By halving: slow and sure, and only for a page that a person looks at. */
static double gamma_quantile(double shape, double probability)
{
    double low = 0, high = shape + 10 * sqrt(shape) + 20;
    for (int i = 0; i < 200 && high - low > 1e-12 * high; i++) {
        double middle = low + (high - low) / 2;
        if (gamma_below(shape, middle) < probability)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

struct demand_rate demand_rate(const struct demand *demand)
{
    double size = 0;
    if (!demand->known)
        return (struct demand_rate){0};
    for (uint32_t i = 0; i < DEMAND_SIZES; i++)
        size += (i + 1) * demand->sizes[i];
    double scale = size / demand->days;
    return (struct demand_rate){.mean = demand->shape * scale,
                                .low = gamma_quantile(demand->shape, 0.025) * scale,
                                .high = gamma_quantile(demand->shape, 0.975) * scale};
}
