-- How often a run or a stage has moved: a move that arrives late or twice finds another number than its own, and changes nothing.

ALTER TABLE runs ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stages ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
