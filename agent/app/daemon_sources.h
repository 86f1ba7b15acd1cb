/* The daemon's scanners: opens what was asked for, books what they deliver, keeps the list of learnt ones. */
#ifndef FAIRSTOCK_APP_DAEMON_SOURCES_H
#define FAIRSTOCK_APP_DAEMON_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "usb/usb_policy.h"

struct daemon;
struct scanner_sim;
struct scanner_stdin;
struct usb_scanner;

struct daemon_source {
    struct daemon *daemon;
    uint32_t number; /* 1…; 0 typed */
    char name[NAME_MAX_BYTES + 1];
    bool ready, ended, listed;
    bool broken;  /* ended because it could not be read any more */
    bool seen;    /* was ready at some time since the start */
    bool settled; /* what was there at the start was looked at: ready, or known not to be */
    struct scanner_sim *sim;
    struct scanner_stdin *typed;
    struct usb_scanner *usb;
};

/* Every source is settled: the light may say more than `starting`. */
bool daemon_sources_settled(const struct daemon *daemon);
int daemon_sources_open(struct daemon *daemon, struct err *err);
void daemon_sources_close(struct daemon *daemon);
struct usb_scanner *daemon_sources_usb(const struct daemon *daemon); /* NULL when no USB source is open */

/* The scanners that the seller had this device learn; none where there is no such file. */
MUST_CHECK int daemon_sources_load_learnt(const struct daemon *daemon,
                                          struct usb_learnt learnt[USB_LEARNT_MAX], size_t *count,
                                          struct err *err);

#endif
