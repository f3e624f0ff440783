import assert from "node:assert/strict";
import { StillPicture } from "../../src/grounding/still_picture.ts";
import { engine, ground, groundAll } from "./ground_clip.ts";

const [WIDTH, HEIGHT] = [48, 40];

/** A picture of stripes; `noise` is the standard deviation of each byte. */
function picture(noise: number, seed: number): Uint8Array {
  let state = seed;
  const next = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  return Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => {
    const gauss = next() + next() + next() - 1.5;
    return 100 + 60 * Math.sin(i / 50) + 2 * noise * gauss;
  });
}

Deno.test("noise leaves a picture the same; motion of a small object does not", () => {
  const still = new StillPicture(WIDTH, HEIGHT);
  assert.equal(still.isSame(picture(2, 1)), false);
  for (let seed = 2; seed < 30; seed++) assert.equal(still.isSame(picture(2, seed)), true);
  for (const [left, top] of [[0, 0], [17, 20], [WIDTH - 4, HEIGHT - 4]]) {
    const moved = picture(2, 1);
    for (let y = top; y < top + 4; y++) {
      for (let x = left; x < left + 4; x++) moved[3 * (y * WIDTH + x)] += 60;
    }
    assert.equal(still.isSame(moved), false);
    assert.equal(still.isSame(picture(2, 1)), false);
  }
});

Deno.test("slow changes add up: the reference is the last picture that differed", () => {
  // The last blocks of each row and column are not full.
  const still = new StillPicture(44, 37);
  const gray = (level: number) => new Uint8Array(3 * 44 * 37).fill(level);
  const same = [100, 101, 102, 103, 104, 105, 106].map((level) => still.isSame(gray(level)));
  assert.deepEqual(same, [false, true, true, false, true, true, false]);
});

Deno.test("a still picture is encoded once, and changes no result; a moving one is encoded again", async () => {
  await using parts = await engine();
  const window = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1 };
  const feed = { seconds: 3, still: true };
  const all = await groundAll(parts, window, feed);
  const some = await ground(parts, { ...window, reuse_frames: true }, feed);
  assert.deepEqual(some.steps, all.steps);
  assert.equal(some.stats.encodedFrames, 1);
  assert.equal(some.stats.reusedFrames, all.stats.encodedFrames - 1);
  const moving = await ground(parts, { ...window, reuse_frames: true }, { seconds: 2 });
  assert.equal(moving.stats.reusedFrames, 0);
});

Deno.test("features of a frame whose encoding failed are not reused", async () => {
  await using parts = await engine();
  const { encoders } = parts;
  let failures = 1;
  const failing = {
    ...encoders,
    manifest: encoders.manifest,
    takesAnyLength: encoders.takesAnyLength,
    encodeAudio: (waveform: Float32Array) => encoders.encodeAudio(waveform),
    encodeImages(frames: Uint8Array, count: number) {
      if (failures-- > 0) return Promise.reject(new Error("no memory"));
      return encoders.encodeImages(frames, count);
    },
    release: () => encoders.release(),
  };
  const window = { duration: 2, hop: 0.2, lookahead: 0.2, maxFrameDistance: 1, reuse_frames: true };
  const feed = { seconds: 2, still: true, ignoreErrors: true };
  const { stats } = await ground({ ...parts, encoders: failing }, window, feed);
  assert.equal(stats.encodedFrames, 1);
  assert.ok(stats.steps > 15);
});
