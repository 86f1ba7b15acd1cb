/* What this device knows of the true time. The system's clock is one witness among others: it is believed
 * when a time server keeps it, or somebody set it; never when it is only what a Pi without battery woke up
 * with. Books a time_fact when something new is learnt; sets no clock. */
#ifndef FAIRSTOCK_APP_DAEMON_CLOCK_H
#define FAIRSTOCK_APP_DAEMON_CLOCK_H

#include "domain/time_repair.h"
#include "loop/clock_watch.h"
#include "loop/turn.h"

struct daemon;
struct json_writer;

struct daemon_clock {
    struct id128 boot;
    struct boot_clock known;
    int64_t own_offset_ms; /* system clock minus CLOCK_BOOTTIME when we started: ages count on while nothing
                              is known, and no jump of the clock moves them */
    struct time_start *starts; /* the last ones, as known now */
    uint32_t start_count;
    struct clock_watch *watch;
    struct loop_source *look_timer; /* a time server may bring a clock in line without setting it */
    int64_t look_wait_ms;
    struct turn turn; /* to book what was heard */
    struct heard_time {
        uint32_t quality; /* 0: nothing */
        int64_t wall_ms, boottime_ms;
        char source[NAME_MAX_BYTES + 1];
    } heard;
};

/* At the start, before the ledger is open: what the system says of its clock. */
void daemon_clock_begin(struct daemon *daemon, struct id128 boot);
/* Enum clock_quality of the system's clock at this moment, as far as the kernel knows. */
uint32_t daemon_clock_system_quality(const struct daemon *daemon);
/* With the ledger open (again): what earlier starts of this boot learnt, and the watch. */
int daemon_clock_open(struct daemon *daemon);
void daemon_clock_close(struct daemon *daemon);

/* In a turn: books a fact if it is news. Returns whether it was, or the commit's error. source: a few words.
 */
int daemon_clock_learn(struct daemon *daemon, uint32_t quality, int64_t wall_ms, const char *source);
/* The same from the loop: booked in a turn. */
void daemon_clock_hear(struct daemon *daemon, uint32_t quality, int64_t wall_ms, const char *source);

/* The wall clock, 0 while it is unknown: for what is kept. */
int64_t daemon_clock_wall_ms(void *daemon);
/* The device's own time: the wall clock, or while it is unknown a count that only ages may be made of. */
int64_t daemon_clock_now_ms(struct daemon *daemon);
/* The same for a moment of CLOCK_BOOTTIME in this boot. */
int64_t daemon_clock_moment_ms(const struct daemon *daemon, int64_t boottime_ms);
/* What the system's clock shows, whatever it is worth. */
int64_t daemon_clock_system_ms(void);

struct time_repaired daemon_clock_when(const struct daemon *daemon, uint64_t position, uint64_t time_ms);
/* One number of it: when, on the device's own time; 0 when an earlier boot never learnt it. */
int64_t daemon_clock_when_ms(const struct daemon *daemon, uint64_t position, uint64_t time_ms);
/* Members of the object being written: at_ms, time, and after_ms, before_ms where they are known. */
void daemon_clock_write_when(struct daemon *daemon, struct json_writer *json, uint64_t position,
                             uint64_t time_ms);
/* The "clock" of GET /status. */
void daemon_clock_write(struct daemon *daemon, struct json_writer *json);

#endif
