#include "app/practice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/files.h"
#include "base/log.h"

enum {
    SHOP_FILE_MAX_BYTES = 64 * 1024 * 1024,
    PATH_MAX_BYTES = 4096,
    BUYER_FIRST_MS = 20000,
    BUYER_SPREAD_MS = 40000,
};

struct practice {
    struct practice_settings settings;
    struct practice_shop *shop;
    char path[PATH_MAX_BYTES], offline_path[PATH_MAX_BYTES];
    bool online;
    uint64_t random;
    struct loop_source *back, *buyer;
};

/* --- the file
 * -------------------------------------------------------------------------------------------------------- */

int practice_save(struct practice *practice, struct err *err)
{
    BUF_AUTO struct buf text = buf_new(SHOP_FILE_MAX_BYTES);
    practice_shop_save(practice->shop, &text);
    int result = buf_error(&text);
    if (result < 0)
        return err_set_errno(err, result, "cannot save the practice shop");
    return files_replace(practice->path, buf_text(&text), text.length, err);
}

static int load(struct practice *practice, bool *fresh, struct err *err)
{
    BUF_AUTO struct buf text = buf_new(SHOP_FILE_MAX_BYTES);
    int result = files_read(practice->path, &text);
    *fresh = result == -ENOENT;
    if (*fresh)
        return 0;
    if (result < 0)
        return err_set_errno(err, result, "cannot read %s", practice->path);
    result = practice_shop_load(practice->shop, buf_text(&text), err);
    return result < 0 ? err_prefix(err, result, "%s", practice->path) : 0;
}

/* --- the network switch
 * ---------------------------------------------------------------------------------------------- */

bool practice_online(const struct practice *practice)
{
    return practice->online;
}

void practice_go_online(struct practice *practice)
{
    int result = loop_arm(practice->back, INT64_MAX);
    if (result < 0)
        log_warning("practice: %s", strerrordesc_np(-result));
    if (practice->online)
        return;
    if (unlink(practice->offline_path) < 0 && errno != ENOENT)
        log_warning("practice: cannot remove %s: %s", practice->offline_path, strerrordesc_np(errno));
    practice->online = true;
    practice->settings.network(practice->settings.user, true);
}

static int come_back(void *user, int64_t now_ms)
{
    (void)now_ms;
    practice_go_online(user);
    return 0;
}

int practice_go_offline(struct practice *practice, int64_t seconds, struct err *err)
{
    static const char words[] = "The practice network is off.\n";
    int saved = seconds > 0 ? 0 : files_replace(practice->offline_path, words, sizeof words - 1, err);
    if (saved < 0)
        return saved;
    int64_t at = seconds > 0 ? loop_now_ms(practice->settings.loop) + seconds * 1000 : INT64_MAX;
    int result = loop_arm(practice->back, at);
    if (result < 0)
        return err_set_errno(err, result, "the practice network");
    practice->online = false;
    practice->settings.network(practice->settings.user, false);
    return 0;
}

void practice_lose_reply(struct practice *practice)
{
    practice_shop_fault(practice->shop, FAULT_REPLY_LOST, 1);
}

/* --- buyers
 * ----------------------------------------------------------------------------------------------------------
 */

int practice_buy(struct practice *practice, const char *sku, int64_t quantity,
                 char order_name[NAME_MAX_BYTES + 1], struct err *err)
{
    int64_t now_ms = practice->settings.wall_ms(practice->settings.user);
    int result = practice_shop_buy(practice->shop, sku, quantity, now_ms, order_name, err);
    return result < 0 ? result : practice_save(practice, err);
}

/* A 64-bit xorshift (Marsaglia 2003): seeded, so that a rehearsal can be repeated. Not for secrets. */
static uint64_t next_random(struct practice *practice)
{
    uint64_t x = practice->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    practice->random = x;
    return x;
}

static int random_buyer(void *user, int64_t now_ms)
{
    struct practice *practice = user;
    uint32_t count = practice_shop_count(practice->shop);
    const char *sku = NULL;
    int64_t level = 0;
    if (count && practice_shop_at(practice->shop, (uint32_t)(next_random(practice) % count), &sku, &level) &&
        level > 0) {
        char order_name[NAME_MAX_BYTES + 1];
        struct err err = {0};
        if (practice_buy(practice, sku, 1, order_name, &err) < 0)
            log_warning("practice: a random buyer failed: %s", err_text(&err));
    }
    return loop_arm(practice->buyer,
                    now_ms + BUYER_FIRST_MS + (int64_t)(next_random(practice) % BUYER_SPREAD_MS));
}

/* --- service
 * ---------------------------------------------------------------------------------------------------------
 */

int practice_serve(void *user, const struct channel_request *request, struct channel_answer *answer)
{
    struct practice *practice = user;
    if (!practice->online) {
        *answer = (struct channel_answer){.kind = request->kind, .outcome = ANSWER_OFFLINE};
        (void)snprintf(answer->words, sizeof answer->words, "The practice network is switched off.");
        return 0;
    }
    int64_t now_ms = practice->settings.wall_ms(practice->settings.user);
    int result = practice_shop_serve(practice->shop, request, now_ms, answer);
    if (result < 0 || (request->kind != REQUEST_WRITE_LEVELS && request->kind != REQUEST_CANCEL_ORDER &&
                       request->kind != REQUEST_CLAIM))
        return result;
    struct err err = {0};
    if (practice_save(practice, &err) < 0) {
        /* The shop's own disk failed: nobody may believe the answer. */
        log_error("practice: %s", err_text(&err));
        channel_answer_free(answer);
        *answer = (struct channel_answer){.kind = request->kind, .outcome = ANSWER_UNKNOWN};
    }
    return 0;
}

struct practice_shop *practice_shop_of(struct practice *practice)
{
    return practice->shop;
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------
 */

static int add_timers(struct practice *practice)
{
    struct loop *loop = practice->settings.loop;
    int result = loop_add_timer(loop, "practice network", LOOP_NORMAL, come_back, practice, &practice->back);
    if (result < 0 || !practice->settings.random_orders)
        return result;
    result = loop_add_timer(loop, "practice buyers", LOOP_NORMAL, random_buyer, practice, &practice->buyer);
    if (result < 0)
        return result;
    return loop_arm(practice->buyer, loop_now_ms(loop) + BUYER_FIRST_MS);
}

int practice_new(const struct practice_settings *settings, struct practice **practice, bool *fresh,
                 struct err *err)
{
    struct practice *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->settings = *settings;
    made->random = settings->seed ? settings->seed : 1;
    (void)snprintf(made->path, sizeof made->path, "%s/%s", settings->directory, PRACTICE_FILE_NAME);
    (void)snprintf(made->offline_path, sizeof made->offline_path, "%s/%s", settings->directory,
                   PRACTICE_OFFLINE_NAME);
    made->online = access(made->offline_path, F_OK) < 0;
    made->shop = practice_shop_new();
    int result = made->shop ? add_timers(made) : -ENOMEM;
    if (result < 0)
        (void)err_set_errno(err, result, "practice shop");
    else
        result = load(made, fresh, err);
    if (result < 0) {
        practice_free(made);
        return result;
    }
    *practice = made;
    return 0;
}

void practice_free(struct practice *practice)
{
    if (!practice)
        return;
    loop_remove(practice->back);
    loop_remove(practice->buyer);
    practice_shop_free(practice->shop);
    free(practice);
}
