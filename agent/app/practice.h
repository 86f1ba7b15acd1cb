/* Practice mode's other side: the practice shop, its switchable network and its buyers. Keeps the shop's
 * state in one file of the state directory, saved durably before any answer that tells of a change, as a real
 * shop would. */
#ifndef FAIRSTOCK_APP_PRACTICE_H
#define FAIRSTOCK_APP_PRACTICE_H

#include "channel/practice_shop.h"
#include "loop/loop.h"

struct practice;

#define PRACTICE_CHANNEL_NAME "practice"
#define PRACTICE_FILE_NAME    "practice-shop.txt"
#define PRACTICE_OFFLINE_NAME "practice-offline" /* is there while the network is off until switched on */

struct practice_settings {
    struct loop *loop;
    const char *directory;
    bool random_orders;
    uint64_t seed; /* of the random buyers */
    int64_t (*wall_ms)(void *user);
    void (*network)(void *user, bool online); /* the switch was turned */
    void *user;
};

/* Loads the shop's file; when there is none the shop is empty and *fresh is true. */
MUST_CHECK int practice_new(const struct practice_settings *settings, struct practice **practice, bool *fresh,
                            struct err *err);
void practice_free(struct practice *practice);
struct practice_shop *
practice_shop_of(struct practice *practice); /* borrowed; call practice_save after changing it */
MUST_CHECK int practice_save(struct practice *practice, struct err *err);

bool practice_online(const struct practice *practice);
/* seconds > 0: comes back by itself, and with a new start; 0: stays off until it is switched on, whatever
 * happens to this program. */
MUST_CHECK int practice_go_offline(struct practice *practice, int64_t seconds, struct err *err);
/* The shop carries out the next change it is asked for, and its answer is lost. */
void practice_lose_reply(struct practice *practice);
void practice_go_online(struct practice *practice);
MUST_CHECK int practice_buy(struct practice *practice, const char *sku, int64_t quantity,
                            char order_name[NAME_MAX_BYTES + 1], struct err *err);
/* The courier's in-process service: user is the practice. */
MUST_CHECK int practice_serve(void *practice, const struct channel_request *request,
                              struct channel_answer *answer);

#endif
