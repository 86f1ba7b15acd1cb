/* The ledger's health: rest when it needs some, and back to work after a failed commit without a restart. */
#include <errno.h>
#include <string.h>

#include "app/daemon_recover.h"
#include "base/log.h"

enum { RECOVER_FIRST_MS = 500, RECOVER_MOST_MS = 10000, REST_PIECES_MAX = 4 };

static void arm_recovery(struct daemon *daemon)
{
    int64_t wait = daemon->recover_wait_ms;
    daemon->recover_wait_ms = wait == 0                    ? RECOVER_FIRST_MS
                              : wait * 2 < RECOVER_MOST_MS ? wait * 2
                                                           : RECOVER_MOST_MS;
    int result = loop_arm(daemon->recover_timer, loop_now_ms(daemon->loop) + daemon->recover_wait_ms);
    if (result < 0)
        log_error("cannot arm a timer: %s", strerrordesc_np(-result));
}

static void recovered(struct daemon *daemon)
{
    log_warning("the ledger can be written again; what was answered as fault is not in it");
    daemon->facts.fault = false;
    daemon->recover_wait_ms = 0;
    daemon_update_lamp(daemon);
    daemon_stock_changed(daemon, 0);
}

static void recover(void *user)
{
    struct daemon *daemon = user;
    struct err err = {0};
    if (!daemon->facts.fault && !store_is_dead(daemon->store)) {
        daemon->recover_wait_ms = 0; /* a sale succeeded meanwhile */
        return;
    }
    struct store_start start = daemon_start(daemon);
    if (store_reopen(daemon->store, &start, &err) == 0) {
        int result = daemon_clock_open(daemon);
        if (result < 0)
            log_warning("times of sales cannot be told: %s", strerrordesc_np(-result));
        recovered(daemon);
        return;
    }
    log_error("%s; write sales on paper", err_text(&err));
    arm_recovery(daemon);
}

static int on_recover(void *user, int64_t now_ms)
{
    struct daemon *daemon = user;
    (void)now_ms;
    turns_run(daemon->turns, &daemon->recovery);
    return 0;
}

int daemon_recover_add(struct daemon *daemon)
{
    daemon->recovery = (struct turn){.run = recover, .user = daemon, .priority = TURN_PERSON};
    return loop_add_timer(daemon->loop, "ledger recovery", LOOP_LIGHT, on_recover, daemon,
                          &daemon->recover_timer);
}

void daemon_recover_failed(struct daemon *daemon)
{
    bool news = !daemon->facts.fault;
    daemon->facts.fault = true;
    if (daemon->recover_wait_ms == 0)
        arm_recovery(daemon);
    if (news)
        daemon_update_lamp(daemon);
}

void daemon_recover_after_commit(struct daemon *daemon)
{
    if (store_is_dead(daemon->store)) {
        daemon_recover_failed(daemon);
        return;
    }
    for (int i = 0; i < REST_PIECES_MAX && store_needs_rest(daemon->store); i++) {
        int result = store_maintain(daemon->store, true);
        if (result < 0) {
            log_error("housekeeping of the ledger failed: %s", strerrordesc_np(-result));
            return;
        }
    }
}
