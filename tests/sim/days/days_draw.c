/* What kind of life a seed gives, and what happens in it. */
#include <stdlib.h>
#include <string.h>

#include "days.h"

static const char *const names[HAPPEN_KINDS] = {
    [HAPPEN_SELL] = "booth sells",
    [HAPPEN_RECEIVE] = "booth receives",
    [HAPPEN_BUY] = "buyer buys",
    [HAPPEN_BUY_UNPAID] = "buyer orders unpaid",
    [HAPPEN_PAY] = "order paid or given up",
    [HAPPEN_CANCEL] = "order cancelled",
    [HAPPEN_SHIP] = "order shipped",
    [HAPPEN_REFUND] = "order refunded",
    [HAPPEN_EDIT] = "person edits level",
    [HAPPEN_OTHER_APP] = "other app sets level",
    [HAPPEN_DECIDE] = "seller decides",
    [HAPPEN_NETWORK_DOWN] = "network down",
    [HAPPEN_NETWORK_UP] = "network up",
    [HAPPEN_KILL] = "process killed",
    [HAPPEN_POWER_CUT] = "power cut",
};

const char *days_happening_name(enum happening_kind kind)
{
    return names[kind];
}

/* How often a day has it, on average, in hundredths. */
static const uint16_t per_day[HAPPEN_KINDS] = {
    [HAPPEN_SELL] = 4800, [HAPPEN_RECEIVE] = 400,  [HAPPEN_BUY] = 2400,   [HAPPEN_BUY_UNPAID] = 300,
    [HAPPEN_PAY] = 300,   [HAPPEN_CANCEL] = 400,   [HAPPEN_SHIP] = 800,   [HAPPEN_REFUND] = 200,
    [HAPPEN_EDIT] = 150,  [HAPPEN_OTHER_APP] = 30, [HAPPEN_DECIDE] = 600, [HAPPEN_NETWORK_DOWN] = 150,
    [HAPPEN_KILL] = 80,   [HAPPEN_POWER_CUT] = 60,
};

static int by_time(const void *left, const void *right)
{
    const struct happening *a = left, *b = right;
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

static struct happening *add(struct days_schedule *schedule, struct random *random, enum happening_kind kind,
                             int64_t at_ms)
{
    static struct happening none;
    if (schedule->count == DAYS_HAPPENINGS_MAX)
        return &none;
    struct happening *made = &schedule->list[schedule->count++];
    *made = (struct happening){.at_ms = at_ms,
                               .kind = kind,
                               .channel = (uint8_t)random_below(random, DAYS_CHANNELS),
                               .item = (uint8_t)random_below(random, DAYS_ITEMS),
                               .dice = (uint32_t)random_next(random)};
    return made;
}

/* Most of a day happens in its ten market hours, some of it in the same second. */
static int64_t some_time(struct random *random, uint32_t day, int64_t last_ms)
{
    enum { HOUR_MS = 3600 * 1000 };
    if (last_ms && random_chance(random, 6))
        return last_ms + random_below(random, 1500);
    int64_t at_ms =
        random_chance(random, 8) ? random_below(random, DAYS_DAY_MS) : random_below(random, 10 * HOUR_MS);
    return (int64_t)day * DAYS_DAY_MS + at_ms;
}

static void draw_day(const struct days_setup *setup, struct days_schedule *schedule, struct random *random,
                     uint32_t day)
{
    int64_t last_ms = 0;
    for (enum happening_kind kind = HAPPEN_SELL; kind < HAPPEN_KINDS; kind++) {
        bool edit = kind == HAPPEN_EDIT || kind == HAPPEN_OTHER_APP;
        bool unpaid = kind == HAPPEN_BUY_UNPAID || kind == HAPPEN_PAY;
        uint32_t count = per_day[kind] / 100U + (random_below(random, 100) < per_day[kind] % 100U);
        for (uint32_t i = 0; i < count && (!edit || setup->people_edit) && (!unpaid || setup->unpaid); i++) {
            last_ms = some_time(random, day, last_ms);
            (void)add(schedule, random, kind, last_ms);
            if (kind != HAPPEN_NETWORK_DOWN)
                continue;
            static const int64_t lasts_ms[] = {5000, 20000, 120000, 600000, 3600000, 36000000};
            (void)add(schedule, random, HAPPEN_NETWORK_UP,
                      last_ms + lasts_ms[random_below(random, random_chance(random, 4) ? 6 : 4)]);
        }
    }
}

static struct shop_settings draw_shop(struct random *random, enum shop_kind kind, const int64_t visibility_ms)
{
    struct shop_settings shop = {.kind = kind, .orders_max = 400, .writes_max = 1200};
    if (visibility_ms > 1000 && random_chance(random, 2))
        shop.order_lag_ms =
            random_below(random, random_chance(random, 3) ? (uint64_t)visibility_ms - 1000 : 1000);
    shop.cancel_restocks = random_chance(random, 2);
    return shop;
}

void days_draw(uint64_t seed, uint32_t days, struct days_setup *setup, struct days_schedule *schedule)
{
    static const enum shop_kind kinds[] = {SHOP_SHOPIFY, SHOP_SQUARE, SHOP_ETSY, SHOP_WOO};
    struct random random = {seed};
    memset(schedule, 0, sizeof *schedule);
    *setup = (struct days_setup){.seed = seed, .days = days ? days : 1 + random_below(&random, 3)};
    setup->channels = random_chance(&random, 3) ? 2 + random_below(&random, 3) : DAYS_CHANNELS;
    uint32_t first = random_below(&random, 4);
    for (uint32_t i = 0; i < DAYS_CHANNELS; i++) {
        enum shop_kind kind = kinds[(first + i) % 4];
        struct shop_settings plain = {.kind = kind};
        setup->shops[i] = draw_shop(&random, kind, shop_caps(&plain)->order_visibility_ms);
        setup->skew_ms[i] = random_chance(&random, 3) ? (int64_t)random_below(&random, 3 * DAYS_DAY_MS) : 0;
    }
    setup->wall_known = !random_chance(&random, 4);
    setup->wall_skew_ms =
        random_chance(&random, 3) ? (int64_t)random_below(&random, 6 * 3600000) - 3 * 3600000 : 0;
    setup->people_edit = random_chance(&random, 2);
    setup->unpaid = random_chance(&random, 2);
    static const uint8_t percents[] = {0, 0, 25, 50};
    setup->booth_percent = percents[random_below(&random, 4)];
    static const uint8_t losses[] = {0, 2, 5, 20};
    setup->loss_percent = losses[random_below(&random, 4)];
    static const uint8_t units[] = {1, 3, 12, 60};
    for (uint32_t i = 0; i < DAYS_ITEMS; i++)
        setup->units[i] = units[i];
    for (uint32_t day = 0; day < setup->days; day++)
        draw_day(setup, schedule, &random, day);
    qsort(schedule->list, schedule->count, sizeof schedule->list[0], by_time);
}
