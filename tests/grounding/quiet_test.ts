import assert from "node:assert/strict";
import { SKIP_NOTHING } from "../../src/grounding/skip_rules.ts";
import { engine, ground, groundAll } from "./ground_clip.ts";

const OPTIONS = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 0.2, early_hops: true };
const QUIET = -40;

Deno.test("a quiet step is compared with a frame up to a second away, a loud one with its own", async () => {
  await using loaded = await engine();
  const rules = { ...SKIP_NOTHING, quiet: QUIET };
  const all = await groundAll(loaded, OPTIONS, { seconds: 5 });
  const { steps, stats } = await ground(loaded, OPTIONS, { seconds: 5, rules });
  assert.deepEqual(steps.map(({ ptsNs }) => ptsNs), all.steps.map(({ ptsNs }) => ptsNs));
  let quiet = 0;
  for (const [i, step] of steps.entries()) {
    assert.ok(step.skipped === undefined);
    const whole = all.steps[i];
    if (step.level >= QUIET) {
      assert.deepEqual(step, whole);
      continue;
    }
    quiet++;
    assert.ok(Math.abs(step.framePtsNs - whole.framePtsNs) <= 1e9);
  }
  assert.ok(quiet > 10 && quiet < steps.length - 10, `${quiet} of ${steps.length} are quiet`);
  // The clip is quiet for 1.5 s at a time: one or two frames there, instead of fifteen.
  const encoded = all.stats.encodedFrames - stats.encodedFrames;
  assert.ok(encoded >= 8, `${stats.encodedFrames} instead of ${all.stats.encodedFrames} frames`);
});
