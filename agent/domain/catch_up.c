#include "domain/catch_up.h"

/* --- when -------------------------------------------------------------------------------------------- */

enum catch_up_wish catch_up_look(struct catch_up *catch_up, const struct catch_up_view *view)
{
    if (!view->live)
        return CATCH_UP_NOTHING;
    if (view->reached && view->rest) {
        catch_up->away_ms = 0;
        if (catch_up->active)
            return CATCH_UP_END;
        catch_up->rest_position = view->position;
        return CATCH_UP_NOTHING;
    }
    if (view->reached) {
        catch_up->away_ms = 0;
        return CATCH_UP_NOTHING;
    }
    if (!catch_up->away_ms)
        catch_up->away_ms = view->now_ms > 0 ? view->now_ms : 1;
    int64_t away = view->now_ms - catch_up->away_ms;
    bool begins = away >= CATCH_UP_AWAY_MS || (view->owed && away >= CATCH_UP_OWED_MS);
    return !catch_up->active && begins ? CATCH_UP_BEGIN : CATCH_UP_NOTHING;
}

void catch_up_booked(struct catch_up *catch_up, enum catch_up_wish wish, uint64_t position)
{
    catch_up->active = wish == CATCH_UP_BEGIN;
    if (wish == CATCH_UP_BEGIN)
        catch_up->after_position = catch_up->rest_position;
    else
        catch_up->rest_position = position;
}

int64_t catch_up_next_ms(const struct catch_up *catch_up, const struct catch_up_view *view)
{
    if (catch_up->active || !catch_up->away_ms)
        return INT64_MAX;
    return catch_up->away_ms + (view->owed ? CATCH_UP_OWED_MS : CATCH_UP_AWAY_MS);
}

/* --- what -------------------------------------------------------------------------------------------- */

/* FNV-1a, 64 bits: two of 2,048 orders look alike with a chance of 1 in 10^13. */
static uint64_t hash_order(uint32_t channel, struct text order)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ channel;
    for (size_t i = 0; i < order.length; i++)
        hash = (hash ^ (uint8_t)order.at[i]) * UINT64_C(1099511628211);
    return hash;
}

static bool is_new_order(struct catch_up_tally *tally, uint64_t hash)
{
    for (uint32_t i = 0; i < tally->order_count; i++)
        if (tally->order_hashes[i] == hash)
            return false;
    if (tally->order_count < CATCH_UP_ORDERS_MAX)
        tally->order_hashes[tally->order_count++] = hash;
    return true;
}

static void add_order(struct catch_up_tally *tally, struct catch_up_shop *shop, const struct event *event)
{
    const struct order_vector *difference = &event->order.difference;
    if (difference->ordered > 0)
        shop->orders += is_new_order(tally, hash_order(event->order.channel, event->order.order));
    shop->ordered += difference->ordered;
    shop->cancelled += difference->cancelled;
    shop->handed_over += difference->handed_over;
    shop->returned += difference->returned_sellable + difference->returned_unsellable;
    shop->restored += difference->restored;
}

static void add_allocation(struct catch_up_shop *shop, const struct event *event)
{
    int64_t units = (int64_t)event->allocation.units;
    if (event->kind == EVENT_GRANT) {
        shop->raised++;
        shop->raised_units += units;
    } else {
        shop->lowered++;
        shop->lowered_units += units;
        shop->taken_back += event->allocation.proof == PROOF_REFUSED_GRANT;
    }
}

static void add_answer(struct catch_up_shop *shop, uint32_t outcome)
{
    enum { REJECTED = 2, UNKNOWN, PARKED };
    shop->refused += outcome == REJECTED;
    shop->unproven += outcome == UNKNOWN;
    shop->parked += outcome == PARKED;
}

/* An alias beyond our limits goes to the row that stands for no shop. */
static struct catch_up_shop *shop_of(struct catch_up_tally *tally, uint32_t channel)
{
    return &tally->shops[channel <= CHANNELS_MAX ? channel : 0];
}

static void add_booth(struct catch_up_tally *tally, const struct event *event)
{
    if (event->kind == EVENT_SALE) {
        tally->sales++;
        for (uint32_t i = 0; i < event->sale.line_count; i++)
            tally->sold_units += event->sale.lines[i].quantity;
    } else if (event->kind == EVENT_VOID) {
        tally->undone++;
        for (uint32_t i = 0; i < event->voided.effect_count; i++)
            tally->undone_units += event->voided.effects[i].delta;
    } else {
        tally->adjustments++;
        tally->adjusted_units += event->adjustment.delta;
    }
}

void catch_up_add(struct catch_up_tally *tally, const struct event *event)
{
    tally->events++;
    switch (event->kind) {
    case EVENT_EPOCH:
        tally->starts++;
        break;
    case EVENT_SALE:
    case EVENT_VOID:
    case EVENT_ADJUSTMENT:
        add_booth(tally, event);
        break;
    case EVENT_ORDER_STATE:
        add_order(tally, shop_of(tally, event->order.channel), event);
        break;
    case EVENT_GRANT:
    case EVENT_REVOKE:
        add_allocation(shop_of(tally, event->allocation.channel), event);
        break;
    case EVENT_LEVEL_EDIT:
        shop_of(tally, event->edit.channel)->edits++;
        shop_of(tally, event->edit.channel)->edited_units += event->edit.delta;
        break;
    case EVENT_OP_RESULT:
        add_answer(shop_of(tally, event->op_result.channel), event->op_result.outcome);
        break;
    case EVENT_CARD_DECISION:
        tally->decisions++;
        break;
    default:
        break;
    }
}
