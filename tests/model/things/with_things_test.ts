import assert from "node:assert/strict";
import type { Encoders, ImageFeatures } from "../../../src/model/encoders.ts";
import { codeLength, codeOf, lookOf } from "../../../src/model/things/show_thing.ts";
import { type Thing } from "../../../src/model/things/thing_bank.ts";
import { withThings } from "../../../src/model/things/with_things.ts";

// Two heads of two channels each, a grid of 3 x 1: east, north and nothing in the first head's plane.
const SEEN: ImageFeatures = {
  features: Float32Array.from([2, 0, 0, /**/ 0, 2, 0, /**/ 0, 0, 0, /**/ 0, 0, 0]),
  dims: [1, 4, 1, 3],
};

const thing = (
  name: string,
  kind: Thing["kind"],
  picture: number[],
  code: number[],
  length = 1,
): Thing => ({
  length,
  name,
  kind,
  model: "made@1",
  picture: Float32Array.from(picture),
  code: Float32Array.from(code),
});

function made(image: ImageFeatures): Encoders {
  const heads = [{ kind: "sound", bound: 3 }, { kind: "speech", bound: 3 }];
  return {
    manifest: { heads },
    encodeImages: () => Promise.resolve(image),
  } as unknown as Encoders;
}

async function added(things: Thing[]): Promise<number[]> {
  const { features } = await withThings(made(SEEN), things).encodeImages(new Uint8Array(), 1);
  return [...features].map((value, i) => Math.round((value - SEEN.features[i]) * 100) / 100);
}

Deno.test("a patch that looks like a shown thing gets its code in its kind's channels", async () => {
  const cup = thing("cup", "speech", [1, 0, 0, 0], [0.6, 0.8]);
  assert.deepEqual(await added([cup]), [0, 0, 0, 0, 0, 0, 0.6, 0, 0, 0.8, 0, 0]);
  assert.deepEqual([...SEEN.features.subarray(6)], [0, 0, 0, 0, 0, 0]);
});

Deno.test("things that look alike share a patch, sounds and names apart", async () => {
  const cup = thing("cup", "speech", [1, 0, 0, 0], [1, 0]);
  const mug = thing("mug", "speech", [1, 0, 0, 0], [0, 1]);
  const clink = thing("cup", "sound", [1, 0, 0, 0], [0, 1]);
  assert.deepEqual(await added([cup, mug, clink]), [0, 0, 0, 1, 0, 0, 0.5, 0, 0, 0.5, 0, 0]);
});

Deno.test("a code is as long as its thing says, and so is the raise of its head's bound", async () => {
  const cup = thing("cup", "speech", [1, 0, 0, 0], [0.6, 0.8], 2);
  assert.deepEqual(await added([cup]), [0, 0, 0, 0, 0, 0, 1.2, 0, 0, 1.6, 0, 0]);
  const { heads } = withThings(made(SEEN), [cup]).manifest;
  assert.deepEqual(heads.map(({ bound }) => bound), [3, 5]);
});

Deno.test("a code is half as long as its head's usual codes, at least 1", () => {
  const seen = (size: number): ImageFeatures => ({
    features: Float32Array.from([9, 9, 9, /**/ 9, 9, 9, /**/ 0, size, size, /**/ 0, 0, 0]),
    dims: [1, 4, 1, 3],
  });
  assert.equal(codeLength([seen(8)], 1, 2), 4);
  assert.equal(codeLength([seen(8), seen(6), seen(6)], 1, 2), 3);
  assert.equal(codeLength([seen(0.1)], 1, 2), 1);
});

Deno.test("the bounds of heads that things are added to are raised, and none without things", () => {
  const cup = thing("cup", "speech", [1, 0, 0, 0], [1, 0]);
  const { heads } = withThings(made(SEEN), [cup]).manifest;
  assert.deepEqual(heads.map(({ bound }) => bound), [3, 4]);
  const encoders = made(SEEN);
  assert.equal(withThings(encoders, []), encoders);
});

Deno.test("a look is the mean direction of the patches inside the box", () => {
  const close = (found: Float32Array, wanted: number[]) =>
    wanted.forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 1e-6, `${found}`));
  close(lookOf([SEEN], [0, 0, 0.3, 1]), [1, 0, 0, 0]);
  close(lookOf([SEEN, SEEN], [0, 0, 0.6, 1]), [Math.SQRT1_2, Math.SQRT1_2, 0, 0]);
  const heard = { features: Float32Array.from([9, 9, 9, 9, 3, 0, 0, 4]), dims: [1, 4, 2] as const };
  close(codeOf([heard], 1, 2), [0.6, 0.8]);
});
