import assert from "node:assert/strict";
import type { Manifest } from "../../../src/model/manifest.ts";
import {
  checkThings,
  mergeThings,
  readBank,
  writeBank,
} from "../../../src/model/things/thing_bank.ts";

const THING = {
  name: "cup",
  model: "made@1",
  kind: "speech" as const,
  picture: Float32Array.from([0.6, 0.8, 0, 0]),
  code: Float32Array.from([0, 1]),
  length: 2.5,
};

Deno.test("a bank is read as it was written", async () => {
  const file = await Deno.makeTempFile();
  await writeBank(file, [THING]);
  assert.deepEqual(await readBank(file), [THING]);
  await Deno.remove(file);
});

Deno.test("a thing of an older bank gets a code of length 1", async () => {
  const file = await Deno.makeTempFile();
  await writeBank(file, [THING]);
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, text.replace(`,"length":2.5`, ""));
  assert.deepEqual(await readBank(file), [{ ...THING, length: 1 }]);
  await Deno.remove(file);
});

Deno.test("an added thing replaces the one of its name and kind", () => {
  const sound = { ...THING, kind: "sound" as const };
  const mug = { ...THING, name: "mug" };
  const newer = { ...THING, length: 1 };
  assert.deepEqual(mergeThings([THING, sound, mug], [newer]), [sound, mug, newer]);
  assert.deepEqual(mergeThings([], [THING]), [THING]);
});

Deno.test("a look replaces looks, and a recording replaces recordings", () => {
  const { picture: _, ...first } = THING;
  const second = { ...first, code: Float32Array.from([1, 0]) };
  const newer = { ...THING, length: 1 };
  assert.deepEqual(mergeThings([THING, first, second], [newer]), [first, second, newer]);
  assert.deepEqual(mergeThings([THING, first], [second]), [THING, second]);
});

Deno.test("a bank that cannot be read says which key is wrong", async () => {
  const file = await Deno.makeTempFile();
  for (
    const [content, told] of [
      ["nonsense", /must be a readable JSON file/],
      [`{"format": "whence/bank/2", "things": []}`, /format: /],
      [
        `{"format": "whence/bank/1", "things": [{"name": "a", "model": "m", "kind": "sound", "picture": "AAA", "code": "AAAA"}]}`,
        /things\.0\.picture: must be base64 of 32-bit floats/,
      ],
    ] as const
  ) {
    await Deno.writeTextFile(file, content);
    await assert.rejects(readBank(file), told);
  }
  await Deno.remove(file);
  await assert.rejects(readBank(file), /Cannot read the bank/);
});

Deno.test("things that were shown to another model are refused", () => {
  const manifest = {
    name: "made",
    version: 1,
    channels: 4,
    heads: [{ kind: "sound" }, { kind: "speech" }],
  };
  checkThings("bank.json", [THING], manifest as unknown as Manifest);
  for (const change of [{ model: "made@2" }, { code: Float32Array.from([1]) }]) {
    assert.throws(
      () => checkThings("bank.json", [{ ...THING, ...change }], manifest as unknown as Manifest),
      /Cannot use the bank bank\.json: "cup" must have been shown to made@1/,
    );
  }
});
