-- A refused, expired or dead record of a bill no longer holds up what follows it; only case events (kind 0) do.
UPDATE entry SET blocked = 0 WHERE state = 0 AND blocked = 1 AND kind <> 0;
