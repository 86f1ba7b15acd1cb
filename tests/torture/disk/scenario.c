#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario_shop.h"

/* --- scans
 * ---------------------------------------------------------------------------------------------------------------------
 */

static void scan(struct stall *stall, const char *code, int64_t quantity)
{
    intake_scan(stall->intake, code, quantity, 1, stall->now_ms, (uint64_t)stall->now_ms, 1790000000000);
}

static void sale(struct stall *stall)
{
    char code[16];
    (void)snprintf(code, sizeof code, "CODE-%u", 1 + random_below(&stall->random, 6));
    scan(stall, code, 1);
}

static void sale_of_three(struct stall *stall)
{
    scan(stall, "CODE-5", 3);
}

static void unknown_sale(struct stall *stall)
{
    char code[16];
    (void)snprintf(code, sizeof code, "WHAT-%u", random_below(&stall->random, 3));
    scan(stall, code, 1);
}

static void last_piece_twice(struct stall *stall)
{
    scan(stall, "CODE-4", 1);
    scan(stall, "CODE-4", 1); /* refused, with a card */
    scan(stall, "CODE-4", 1); /* booked: it was meant */
}

/* Scans that waited while the card was slow: one commit. */
static void burst(struct stall *stall)
{
    intake_group_begin(stall->intake);
    sale(stall);
    unknown_sale(stall);
    last_piece_twice(stall);
    sale_of_three(stall);
    intake_group_end(stall->intake);
}

static void undo(struct stall *stall)
{
    const struct intake_recent *voided;
    int result = intake_undo(stall->intake, (uint64_t)stall->now_ms, &voided);
    if (result < 0 && result != -ENOENT && !stall->first_error)
        stall->first_error = result;
}

/* --- rest
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void maintain(struct stall *stall, bool forced)
{
    enum { PIECES_MAX = 8 };
    int result = 1;
    for (int i = 0; i < PIECES_MAX && result > 0; i++)
        result = store_maintain(stall->store, forced);
    if (result < 0 && !stall->first_error)
        stall->first_error = result;
}

static void rest(struct stall *stall)
{
    maintain(stall, false);
}

static void checkpoint(struct stall *stall)
{
    maintain(stall, true);
}

/* --- life
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void start_again(struct stall *stall)
{
    struct err err = {0};
    int result = stall_start(stall, &err);
    if (result < 0 && !stall->first_error)
        stall->first_error = result;
}

static void stop_and_start(struct stall *stall)
{
    stall_stop(stall);
    start_again(stall);
}

static void kill_and_start(struct stall *stall)
{
    stall_vanish(stall, true);
    start_again(stall);
}

/* --- lists
 * ---------------------------------------------------------------------------------------------------------------------
 */

#define STEP(id, words, fn) static const struct scenario_step id = {words, fn}
STEP(SALE, "a sale", sale);
STEP(THREE, "a sale of three", sale_of_three);
STEP(UNKNOWN, "a sale of an unknown code", unknown_sale);
STEP(TWICE, "the last piece scanned three times", last_piece_twice);
STEP(BURST, "six scans in one commit", burst);
STEP(UNDO, "an undo", undo);
STEP(IMPORT, "an import", shop_import);
STEP(ORDER, "an order's state", shop_order);
STEP(RAISE, "a grant", shop_raise);
STEP(LOWER, "a lowering", shop_lower);
STEP(SEND, "an op sent", shop_send);
STEP(ANSWER, "an op's answer", shop_answer);
STEP(EDIT, "a level edited at the shop", shop_edit);
STEP(DECIDE, "a card decided", shop_decide);
STEP(NAME, "an unknown code named", shop_name);
STEP(FURNISH, "furnishing the booth", shop_furnish);
STEP(REST, "housekeeping", rest);
STEP(CHECKPOINT, "a checkpoint", checkpoint);
STEP(STOP, "stop and start", stop_and_start);
STEP(KILL, "kill -9 and start", kill_and_start);
STEP(START, "the start", start_again);

const struct scenario scenario_list[] = {
    {"creation", "", 5, {&START, &FURNISH, &SALE, &REST, &SALE}},
    {"upgrade", "booth-old", 3, {&START, &SALE, &CHECKPOINT}},
    {"start after kill -9", "booth", 3, {&START, &SALE, &KILL}},
    {"sales", "booth", 7, {&START, &SALE, &THREE, &UNKNOWN, &TWICE, &SALE, &SALE}},
    {"bursts", "booth", 4, {&START, &BURST, &UNDO, &BURST}},
    {"undo", "booth", 7, {&START, &SALE, &UNDO, &UNKNOWN, &UNDO, &UNDO, &SALE}},
    {"import", "booth", 4, {&START, &IMPORT, &SALE, &IMPORT}},
    {"catch-up",
     "booth",
     12,
     {&START, &RAISE, &SEND, &ANSWER, &ORDER, &ORDER, &LOWER, &SEND, &ORDER, &ANSWER, &EDIT, &SALE}},
    {"cards", "booth", 7, {&START, &UNKNOWN, &UNKNOWN, &NAME, &TWICE, &DECIDE, &SALE}},
    {"checkpoint",
     "booth",
     10,
     {&START, &SALE, &CHECKPOINT, &SALE, &ORDER, &CHECKPOINT, &REST, &SALE, &REST, &SALE}},
    {"orderly stop", "booth", 6, {&START, &SALE, &STOP, &SALE, &CHECKPOINT, &STOP}},
};
const uint32_t scenario_count = sizeof scenario_list / sizeof scenario_list[0];

struct scenario scenario_draw(struct random *random, uint32_t n, bool furnish)
{
    static const struct scenario_step *const often[] = {
        &SALE, &SALE,   &SALE,   &UNKNOWN, &ORDER, &ORDER, &SALE,  &RAISE,      &LOWER,
        &SEND, &ANSWER, &ANSWER, &SEND,    &EDIT,  &UNDO,  &THREE, &CHECKPOINT, &CHECKPOINT,
        &REST, &DECIDE, &IMPORT, &NAME,    &STOP,  &KILL,  &TWICE, &BURST};
    struct scenario drawn = {.name = "a random day", .base = "booth", .count = 1, .steps = {&START}};
    if (furnish)
        drawn.steps[drawn.count++] = &FURNISH;
    while (drawn.count < n && drawn.count < SCENARIO_STEPS_MAX)
        drawn.steps[drawn.count++] = often[random_below(random, sizeof often / sizeof often[0])];
    return drawn;
}

void scenario_run(const struct scenario *scenario, struct stall *stall)
{
    for (uint32_t i = 0; i < scenario->count && !stall->disk->off; i++) {
        const struct scenario_step *step = scenario->steps[i];
        stall->disk->step = step->name;
        stall->now_ms += 1500;
        bool starts = step->run == start_again || step->run == stop_and_start || step->run == kill_and_start;
        if (starts || stall_mend(stall))
            step->run(stall);
    }
}

int scenario_furnish(struct stall *stall)
{
    struct err err = {0};
    int result = stall_start(stall, &err);
    if (result < 0)
        return result;
    stall->disk->step = "furnishing";
    shop_furnish(stall);
    enum { SALES = 150 };
    for (int i = 0; i < SALES; i++) {
        sale(stall);
        if (i % 40 == 39)
            maintain(stall, true);
        if (i % 25 == 0)
            shop_order(stall);
    }
    unknown_sale(stall);
    shop_import(stall);
    return stall->first_error;
}
