/* The drivers that light_list.c knows. */
#ifndef FAIRSTOCK_LIGHT_LIGHT_DRIVERS_H
#define FAIRSTOCK_LIGHT_LIGHT_DRIVERS_H

#include "light/light.h"

extern const struct light_ops light_log_ops, light_term_ops, light_sysfs_ops;

#endif
