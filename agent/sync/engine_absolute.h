/* Absolute writes and pauses: chosen so that they make no deficit, settled by a level and the orders behind
 * it (docs/decisions/0020-absolute-writes.md has the argument). Part of the engine; decides and books, like
 * the rest. */
#ifndef FAIRSTOCK_SYNC_ENGINE_ABSOLUTE_H
#define FAIRSTOCK_SYNC_ENGINE_ABSOLUTE_H

#include "sync/engine_internal.h"

/* The channel takes no relative writes. */
bool engine_absolute_only(const struct step *step);
/* The op sets a level or pauses: what it overwrote may hide sales. */
bool engine_absolute_op(const struct op *op);
/* Fills what an op that brings the listing towards `wanted` does; false when nothing may be done now.
 * free_units: stock units that are free, less what the request has taken already. */
bool engine_absolute_choose(const struct step *step, const struct listing *listing, int64_t wanted,
                            int64_t free_units, struct op *op);
enum op_fate engine_absolute_fate(const struct step *step, const struct op *op);
/* The write was done. level: as the answer shows it, INT64_MIN not shown. Changes row and op; the caller puts
 * both. */
void engine_absolute_answered(struct step *step, struct op *op, struct listing *row, int64_t level);
/* The level was read while the op was in doubt. The same. */
void engine_absolute_seen(struct step *step, struct op *op, struct listing *row,
                          const struct answer_listing *shown);
/* A difference of an order of this listing is booked in this step. The same, row excepted. */
void engine_absolute_booked(const struct step *step, struct op *op, const struct order_line *line,
                            const struct order_vector *difference);
/* Ends an op whose moment is known, when a complete order reading begun late enough is there; else asks for
 * one. */
void engine_absolute_settle(struct step *step, const struct listing *listing, const struct op *op);

#endif
