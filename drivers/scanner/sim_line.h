/* The text form of recorded scanner input, one line at a time. Pure. Format (docs/new-scanner.md):
 *
 *   # comment                      also after white space; empty lines are allowed
 *   device 0c2e:0b61 NAME          optional, before the first transfer
 *   descriptor 05010906…           optional, before the first transfer: the HID report descriptor, hex
 *   MILLISECONDS HEXBYTES          one interrupt transfer: decimal wait since the line before (0: at once),
 * hex pairs without spaces */
#ifndef FAIRSTOCK_SCANNER_SIM_LINE_H
#define FAIRSTOCK_SCANNER_SIM_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

enum {
    SIM_TRANSFER_MAX_BYTES =
        64, /* wMaxPacketSize of a full-speed interrupt endpoint, USB 2.0 section 5.7.3 */
    SIM_DESCRIPTOR_MAX_BYTES = 1024,
    SIM_WAIT_MAX_MS = 24 * 3600 * 1000,
};

enum sim_kind { SIM_BLANK, SIM_DEVICE, SIM_DESCRIPTOR, SIM_TRANSFER };

struct sim_line {
    enum sim_kind kind;
    uint16_t vendor, product;      /* SIM_DEVICE */
    char name[NAME_MAX_BYTES + 1]; /* SIM_DEVICE; may be "" */
    int64_t wait_ms;               /* SIM_TRANSFER */
    size_t length; /* SIM_TRANSFER: bytes used; SIM_DESCRIPTOR: its length, the bytes are not kept */
    uint8_t bytes[SIM_TRANSFER_MAX_BYTES];
};

/* text: one line without its end, not NUL-terminated. 0, or -EINVAL with a sentence; line untouched then. */
MUST_CHECK int sim_line_parse(const char *text, size_t length, struct sim_line *line, struct err *err);

#endif
