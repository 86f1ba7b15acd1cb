/* What is done with copies: each act as the command does it, and the law of what must lie there after it,
 * whether it failed or not. */
#ifndef TORTURE_COPIES_SCENARIO_H
#define TORTURE_COPIES_SCENARIO_H

#include "gate.h"
#include "stage.h"

struct trial {
    enum gate_fault fault; /* GATE_NONE: an allocation is refused, or nothing */
    bool memory;
    uint64_t number; /* of the operation or allocation, 1…; 0: nothing fails */
    bool for_good;
};

struct copies_scenario {
    const char *name;
    bool root; /* done by root, for the service's own user */
    void (*prepare)(struct stage *stage);
    int (*act)(struct stage *stage, struct err *err);
    /* result: of the act. 0, or -1 with words. */
    int (*judge)(struct stage *stage, int result, const struct trial *trial, struct err *words);
    /* The next try, after a failure, when nothing fails: 0 or -errno. NULL: the act itself. */
    int (*again)(struct stage *stage, struct err *err);
};

extern const struct copies_scenario scenario_backup, scenario_restore, scenario_restore_over, scenario_file,
    scenario_salvage, scenario_salvage_log, scenario_salvage_sound, scenario_look, scenario_look_damaged;

#endif
