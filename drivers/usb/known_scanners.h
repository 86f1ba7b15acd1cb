/* Scanners that are used without being learnt. Data only: every entry names where it can be looked up. An
 * entry is a scanner in keyboard mode; its other modes have other product numbers. Numbers shared with real
 * keyboards do not belong here. */
#ifndef FAIRSTOCK_USB_KNOWN_SCANNERS_H
#define FAIRSTOCK_USB_KNOWN_SCANNERS_H

#include <stddef.h>
#include <stdint.h>

struct known_scanner {
    uint16_t vendor, product;
    const char *name;
};

extern const struct known_scanner known_scanners[];
extern const size_t known_scanners_count;

/* NULL: not in the table. */
const struct known_scanner *known_scanners_find(uint16_t vendor, uint16_t product);

#endif
