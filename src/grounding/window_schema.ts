import { z } from "zod";
import { onceGood } from "../config/once_good.ts";
import { durationSchema, durationWithin } from "../config/units.ts";

/** Audio context, step between two inferences, and how far behind now a value becomes final; seconds. */
export const windowSchema = z.strictObject({
  duration: durationWithin("200ms", "60s").prefault("2s").describe(
    "Length of audio per inference",
  ),
  hop: durationWithin("20ms", "60s").prefault("200ms").describe("Step between two inferences"),
  lookahead: durationSchema.prefault("200ms").describe(
    "How long after it was heard a time step becomes final",
  ),
  // At any pace: a recording gives the same events live and fast.
  early_hops: z.boolean().default(true).describe(
    "Start an inference between two hops when the level rises suddenly; not with models that need the whole window",
  ),
  reuse_frames: z.boolean().default(true).describe(
    "Use the image features of an earlier frame while the picture does not change",
  ),
}).refine((window) => window.hop + window.lookahead <= window.duration + 1e-9, {
  message: "must have hop + lookahead no longer than duration",
  ...onceGood("duration", "hop", "lookahead"),
});
