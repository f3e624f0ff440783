import assert from "node:assert/strict";
import { StillPicture } from "../../src/grounding/still_picture.ts";
import { engine, ground, groundAll } from "./ground_clip.ts";

const [WIDTH, HEIGHT, BLOCK] = [48, 40, 16];

/** A picture of a sharp border, moved to the right; `noise` is the standard deviation of each byte. */
function picture(noise: number, seed: number, moved = 0): Uint8Array {
  let state = seed;
  const next = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  return Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => {
    const gauss = next() + next() + next() - 1.5;
    const x = Math.floor(i / 3) % WIDTH - moved;
    return (x < 20 ? 40 : 180) + 2 * noise * gauss;
  });
}

Deno.test("noise leaves a picture the same; motion of an object of half a block's size does not", () => {
  const still = new StillPicture(WIDTH, HEIGHT, BLOCK);
  assert.equal(still.isSame(picture(2, 1)), false);
  for (let seed = 2; seed < 30; seed++) assert.equal(still.isSame(picture(2, seed)), true);
  for (const [left, top] of [[0, 0], [17, 20], [WIDTH - 8, HEIGHT - 8]]) {
    const moved = picture(2, 1);
    for (let y = top; y < top + 8; y++) {
      for (let x = left; x < left + 8; x++) moved[3 * (y * WIDTH + x)] ^= 64;
    }
    assert.equal(still.isSame(moved), false);
    assert.equal(still.isSame(picture(2, 1)), false);
  }
});

Deno.test("a shift by one pixel leaves a picture the same, by three it does not", () => {
  const still = new StillPicture(WIDTH, HEIGHT, BLOCK);
  assert.equal(still.isSame(picture(1, 1)), false);
  assert.equal(still.isSame(picture(1, 2, 1)), true);
  assert.equal(still.isSame(picture(1, 3, -1)), true);
  assert.equal(still.isSame(picture(1, 4, 3)), false);
  // In a picture of little contrast, less is a change.
  const flat = new StillPicture(WIDTH, HEIGHT, BLOCK);
  const pale = (moved: number) => picture(0, 1, moved).map((value) => 100 + value / 8);
  assert.equal(flat.isSame(pale(0)), false);
  assert.equal(flat.isSame(pale(1)), true);
  assert.equal(flat.isSame(pale(5)), false);
});

Deno.test("slow changes add up: the reference is the last picture that differed", () => {
  // The last blocks of each row and column are not full.
  const still = new StillPicture(44, 37, BLOCK);
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
  // Some of these pictures of fine noise happen to be alike.
  const { encodedFrames, reusedFrames } = moving.stats;
  assert.ok(encodedFrames > 5 * reusedFrames, `${encodedFrames}, ${reusedFrames}`);
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
