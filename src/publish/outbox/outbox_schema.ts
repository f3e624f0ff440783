import { z } from "zod";

/** How events are kept until the broker has acknowledged them. */
export const outboxSchema = z.strictObject({
  max_messages: z.int().min(10).max(10_000_000).default(100_000).describe(
    "Event messages kept while the broker is unavailable. Beyond that the oldest event is dropped with all its messages",
  ),
  max_days: z.number().positive().max(3650).default(7).describe(
    "Events older than this are dropped if nothing of them was sent",
  ),
  sync: z.enum(["normal", "full"]).default("normal").describe(
    "When a message is on the disk: `normal`, within a second, so that a power cut loses at most the last second; " +
      "`full`, before it is sent. A crash of the process loses nothing with either",
  ),
});
