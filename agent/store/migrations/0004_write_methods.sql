-- Version 4: how an op changes its level, and what an absolute one has to remember until it is settled; listings that are off
-- sale; units in orders that may still be paid, and in cancelled ones.
ALTER TABLE op ADD COLUMN method INTEGER NOT NULL DEFAULT 1;
ALTER TABLE op ADD COLUMN to_level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE op ADD COLUMN applied_wall_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE op ADD COLUMN sold_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE op ADD COLUMN back_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listing ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listing ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listing ADD COLUMN held_off INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listing ADD COLUMN may_return INTEGER NOT NULL DEFAULT 0;
-- what was compared was written by compare-and-set
UPDATE op SET method = 2 WHERE compare_from IS NOT NULL;
