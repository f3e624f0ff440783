import assert from "node:assert/strict";
import type { Encoders } from "../../src/model/encoders.ts";
import { FrameEncoder } from "../../src/grounding/frame_encoder.ts";
import { zeroCounts } from "../../src/grounding/rolling_stats.ts";
import { engine, ground } from "./ground_clip.ts";

const WINDOW = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };

Deno.test("frames encoded before their hop change no result, and nothing is encoded twice", async () => {
  await using parts = await engine();
  const rules = { gate: -55, floors: [0.3, 0.3] };
  const reusing = { ...WINDOW, reuse_frames: true, early_hops: true };
  for (const [options, still] of [[WINDOW, false], [reusing, false], [reusing, true]] as const) {
    const plain = await ground(parts, options, { seconds: 2, rules, still });
    const ahead = await ground(parts, options, { seconds: 2, rules, still, ahead: true });
    assert.deepEqual(ahead.steps, plain.steps);
    const { unusedFrames } = ahead.stats;
    assert.deepEqual({ ...ahead.stats, unusedFrames: 0 }, plain.stats);
    assert.ok(unusedFrames <= 2, `${unusedFrames}`);
    if (!still) assert.ok(ahead.begun > plain.stats.encodedFrames / 2, `${ahead.begun}`);
  }
});

Deno.test("nothing is encoded before a hop while it is quiet", async () => {
  await using parts = await engine();
  const quiet = await ground(parts, WINDOW, {
    seconds: 2,
    rules: { gate: -55, floors: [] },
    sound: (seconds) => new Float32Array(seconds * 16000).fill(1e-4),
    ahead: true,
  });
  assert.deepEqual([quiet.begun, quiet.stats.encodedFrames], [0, 0]);
});

/** An image encoder of one cell that works until it is told to finish. */
function slowEncoder() {
  const waiting: (() => void)[] = [];
  const encoded: number[] = [];
  const image = { width: 1, height: 1, grid: { width: 1, height: 1 } };
  const encoders = {
    manifest: { image, heads: [{ kind: "sound" }], class_token: false },
    encodeImages: (frames: Uint8Array) => {
      encoded.push(frames[0]);
      return new Promise((resolve, reject) => {
        const features = Float32Array.of(frames[0]);
        waiting.push(() =>
          frames[0] === 0 ? reject(new Error("no memory")) : resolve({ features })
        );
      });
    },
  } as unknown as Encoders;
  const finish = async () => {
    waiting.shift()!();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { encoders, encoded, finish };
}

const frame = (value: number) => ({ ptsNs: value, data: new Uint8Array(3).fill(value) });

Deno.test("a frame that is needed now waits for the one begun before it; only one runs at a time", async () => {
  const { encoders, encoded, finish } = slowEncoder();
  const counts = zeroCounts();
  const frames = new FrameEncoder(encoders, counts, false);
  assert.ok(frames.ahead(frame(20)));
  assert.equal(frames.ahead(frame(30)), undefined);
  const needed = frames.encode(frame(10));
  await finish();
  assert.deepEqual(encoded, [20, 10]);
  await finish();
  assert.deepEqual([...(await needed).features], [10]);
  assert.deepEqual([...(await frames.encode(frame(20))).features], [20]);
  assert.deepEqual(encoded, [20, 10]);
  // A frame that is passed over was encoded for nothing.
  assert.ok(frames.ahead(frame(40)));
  await finish();
  const last = frames.encode(frame(50));
  await finish();
  await last;
  assert.deepEqual([counts.encodedFrames, counts.unusedFrames], [3, 1]);
});

Deno.test("a failure of a frame begun before its hop is that of its hop, and the next one is encoded", async () => {
  const { encoders, finish } = slowEncoder();
  const frames = new FrameEncoder(encoders, zeroCounts(), true);
  const begun = frames.ahead(frame(0));
  await finish();
  await begun;
  await assert.rejects(frames.encode(frame(0)), /no memory/);
  const next = frames.encode(frame(1));
  await finish();
  assert.deepEqual([...(await next).features], [1]);
});
