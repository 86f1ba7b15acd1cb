/* One booth's program on a simulated disk: the real store and the real intake, and the steps of a selling day
 * as the daemon takes them. A step that fails is answered as the daemon does: the dead handle is reopened,
 * life goes on. */
#ifndef TORTURE_DISK_STALL_H
#define TORTURE_DISK_STALL_H

#include "disk.h"
#include "disk_calls.h"
#include "intake/intake.h"
#include "witness.h"

struct stall {
    struct disk *disk;
    struct disk_calls calls;
    struct witness *witness;
    struct store *store; /* NULL: not running */
    struct intake *intake;
    struct random random; /* epochs, quantities, choices */
    int64_t now_ms;
    int first_error;    /* of the first step that failed */
    struct err refusal; /* of the last start that failed */
    bool carry_on;      /* start again when a start failed */
    bool gave_up;       /* the program ended while the disk still failed for good */
};

/* seed: of epochs and choices. */
void stall_init(struct stall *stall, struct disk *disk, struct witness *witness, uint64_t seed);
/* What is opened, submitted and drawn from now on is this stall's. */
void stall_at_work(struct stall *stall);
/* Opens store and intake. 0 or -errno. */
int stall_start(struct stall *stall, struct err *err);
/* Orderly. */
void stall_stop(struct stall *stall);
/* kill -9, or the power went: nothing more reaches the disk. With power_back the disk works again after. */
void stall_vanish(struct stall *stall, bool power_back);
/* After a failure: what the daemon does. True when it can sell. */
bool stall_mend(struct stall *stall);

#endif
