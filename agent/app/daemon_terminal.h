/* The terminal's form of the daemon: the first screen, the words of a scan, the end of --once, the stock
 * table. */
#ifndef FAIRSTOCK_APP_DAEMON_TERMINAL_H
#define FAIRSTOCK_APP_DAEMON_TERMINAL_H

#include "app/daemon.h"

int daemon_terminal_add_once(struct daemon *daemon);
/* Whether there is a source that ends, as --once needs. After daemon_terminal_default_options. */
bool daemon_terminal_may_end(const struct daemon *daemon);
void daemon_terminal_print_outcome(struct daemon *daemon, const struct intake_outcome *outcome);
void daemon_terminal_default_options(struct daemon *daemon);
void daemon_terminal_first_screen(struct daemon *daemon);
void daemon_terminal_input_ended(struct daemon *daemon);
int daemon_terminal_print_stock(struct daemon *daemon);

#endif
