/* The virtual machine's own program: guest.c is its life, guest_net.c its way to the host. */
#ifndef TORTURE_VM_GUEST_H
#define TORTURE_VM_GUEST_H

#include <stdbool.h>

/* Says what on the console and switches the machine off. */
void guest_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Brings up lo and eth0, and a process that carries connections to our 127.0.0.1:port over to the host's. */
void guest_network(int port);

#endif
