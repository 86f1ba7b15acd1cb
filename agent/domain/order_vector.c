#include "domain/order_vector.h"

struct order_vector order_vector_difference(const struct order_vector *now, const struct order_vector *booked)
{
    return (struct order_vector){
        .ordered = now->ordered - booked->ordered,
        .held = now->held - booked->held,
        .cancelled = now->cancelled - booked->cancelled,
        .handed_over = now->handed_over - booked->handed_over,
        .returned_sellable = now->returned_sellable - booked->returned_sellable,
        .returned_unsellable = now->returned_unsellable - booked->returned_unsellable,
        .restored = now->restored - booked->restored,
    };
}

void order_vector_add(struct order_vector *booked, const struct order_vector *difference)
{
    booked->ordered += difference->ordered;
    booked->held += difference->held;
    booked->cancelled += difference->cancelled;
    booked->handed_over += difference->handed_over;
    booked->returned_sellable += difference->returned_sellable;
    booked->returned_unsellable += difference->returned_unsellable;
    booked->restored += difference->restored;
}

static int64_t at_least_zero(int64_t units)
{
    return units < 0 ? 0 : units;
}

void order_vector_drop_negative(struct order_vector *difference)
{
    difference->ordered = at_least_zero(difference->ordered);
    difference->held = at_least_zero(difference->held);
    difference->cancelled = at_least_zero(difference->cancelled);
    difference->handed_over = at_least_zero(difference->handed_over);
    difference->returned_sellable = at_least_zero(difference->returned_sellable);
    difference->returned_unsellable = at_least_zero(difference->returned_unsellable);
    difference->restored = at_least_zero(difference->restored);
}

bool order_vector_is_zero(const struct order_vector *vector)
{
    return !vector->ordered && !vector->held && !vector->cancelled && !vector->handed_over &&
           !vector->returned_sellable && !vector->returned_unsellable && !vector->restored;
}

static bool in_range(int64_t units)
{
    return units >= 0 && units <= ORDER_UNITS_MAX;
}

bool order_vector_is_plausible(const struct order_vector *state)
{
    return in_range(state->ordered) && in_range(state->held) && in_range(state->cancelled) &&
           in_range(state->handed_over) && in_range(state->returned_sellable) &&
           in_range(state->returned_unsellable) && in_range(state->restored) &&
           (!state->ordered || state->cancelled + state->handed_over <= state->ordered);
}

int64_t order_vector_committed(const struct order_vector *vector)
{
    return vector->ordered - vector->cancelled - vector->handed_over;
}

int64_t order_vector_on_hand(const struct order_vector *vector)
{
    return vector->returned_sellable - vector->handed_over;
}

int64_t order_vector_expected(const struct order_vector *vector)
{
    return vector->restored - vector->ordered;
}
