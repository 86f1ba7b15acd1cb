#include "domain/balance.h"

void balance_add(struct balance_lines *lines, const struct event *event)
{
    int64_t *terms = lines->terms;
    switch (event->kind) {
    case EVENT_BASELINE:
        terms[BALANCE_BASELINE] += event->baseline.level;
        break;
    case EVENT_GRANT:
        terms[BALANCE_GRANTED] += (int64_t)event->allocation.units;
        break;
    case EVENT_REVOKE:
        terms[BALANCE_REVOKED] += (int64_t)event->allocation.units;
        break;
    case EVENT_ORDER_STATE:
        terms[BALANCE_SOLD] += event->order.difference.ordered;
        terms[BALANCE_RESTORED] += event->order.difference.restored;
        break;
    case EVENT_LEVEL_EDIT:
        terms[BALANCE_EDITS] += event->edit.delta;
        break;
    default:
        break;
    }
}

int64_t balance_sum(const struct balance_lines *lines)
{
    const int64_t *terms = lines->terms;
    return terms[BALANCE_BASELINE] + terms[BALANCE_GRANTED] - terms[BALANCE_REVOKED] - terms[BALANCE_SOLD] +
           terms[BALANCE_RESTORED] + terms[BALANCE_EDITS];
}

int64_t balance_kept(const struct listing *listing, enum balance_term term)
{
    const int64_t kept[BALANCE_TERMS] = {
        [BALANCE_BASELINE] = listing->baseline, [BALANCE_GRANTED] = listing->granted,
        [BALANCE_REVOKED] = listing->revoked,   [BALANCE_SOLD] = listing->sold,
        [BALANCE_RESTORED] = listing->restored, [BALANCE_EDITS] = listing->edits,
    };
    return kept[term];
}

bool balance_agrees(const struct balance_lines *lines, const struct listing *listing,
                    enum balance_term *wrong)
{
    for (int term = 0; term < BALANCE_TERMS; term++) {
        if (lines->terms[term] == balance_kept(listing, (enum balance_term)term))
            continue;
        *wrong = (enum balance_term)term;
        return false;
    }
    return true;
}

const char *balance_term_name(enum balance_term term)
{
    static const char *const names[BALANCE_TERMS] = {"baseline", "granted",  "revoked",
                                                     "sold",     "restored", "edits"};
    return names[term];
}

/* --- what the shop shows and we do not expect ------------------------------------------------------------
 */

/* How much lower, or for an absolute write how much other, the level may be than we expect because of this
 * op. A grant is in what we expect before it is applied; a lowering is only taken off when it is proven. */
static int64_t explained(const struct op *op, int64_t expected, int64_t gap)
{
    if (op->kind != OP_LEVEL || op->method == WRITE_PAUSE)
        return 0;
    if (op->method == WRITE_ABSOLUTE) {
        int64_t applied = op->to - expected, before = op->from - expected;
        if (gap == applied || gap == before)
            return gap;
        int64_t lowest = applied < before ? applied : before;
        return gap < lowest ? lowest : gap < 0 ? gap : 0;
    }
    int64_t most = op->delta < 0 ? -op->delta : op->delta;
    return gap >= 0 ? 0 : gap < -most ? -most : gap;
}

void balance_gap(const struct listing *listing, const struct op *unsettled, bool carded,
                 struct balance_gap *gap)
{
    *gap = (struct balance_gap){0};
    if (!listing->has_level)
        return;
    int64_t expected = listing_expected(listing);
    int64_t rest = listing->level - expected;
    if (unsettled)
        gap->on_its_way = explained(unsettled, expected, rest);
    rest -= gap->on_its_way;
    if (rest < 0 && !carded)
        gap->suspected_sold = -rest;
    else
        gap->drift = rest;
}
