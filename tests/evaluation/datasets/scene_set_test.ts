import assert from "node:assert/strict";
import { isMixture, readSceneSet, spread } from "../../../src/evaluation/datasets/scene_set.ts";
import { scratch, writeScenes } from "../made_scenes.ts";

const target = { kind: "sound", name: "dog", onset: 0, offset: 1, mask: "m.png" };
const scene = {
  id: "a",
  pool: "p",
  image: "a.png",
  audio: "a.wav",
  objects: ["cat", { name: "dog", mask: "m.png" }],
  targets: [target],
};

Deno.test("a scene's objects may be names or have masks", async () => {
  await using folder = await scratch();
  await writeScenes(folder.path, [scene]);
  const { scenes } = await readSceneSet(folder.path);
  assert.deepEqual(scenes[0].objects.map((object) => object.mask), [undefined, "m.png"]);
});

for (
  const [what, line, message] of [
    [
      "an unknown kind",
      { ...scene, targets: [{ ...target, kind: "smell" }] },
      /targets\.0\.kind: /,
    ],
    ["an end before its beginning", {
      ...scene,
      targets: [{ ...target, onset: 2 }],
    }, /targets\.0\.offset: must be later than onset$/],
    ["no picture", { ...scene, image: undefined }, /image: /],
    ["an id twice", { ...scene, id: "first" }, /id must be unique, got first again$/],
  ] as const
) {
  Deno.test(`${what} is rejected with file and line`, async () => {
    await using folder = await scratch();
    await writeScenes(folder.path, [{ ...scene, id: "first" }, line]);
    await assert.rejects(readSceneSet(folder.path), (error: Error) => {
      assert.match(error.message, /^Cannot read the scenes: .*scenes\.jsonl:2: /);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("a missing or empty list is rejected", async () => {
  await using folder = await scratch();
  await assert.rejects(readSceneSet(folder.path), /must be a readable file/);
  await Deno.writeTextFile(`${folder.path}/scenes.jsonl`, "\n");
  await assert.rejects(readSceneSet(folder.path), /must contain a line/);
});

Deno.test("a limit is spread over the list", () => {
  assert.deepEqual(spread([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
  assert.deepEqual(spread([0, 1], 4), [0, 1]);
});

Deno.test("a mixture is a sound and a word at the same time", () => {
  const scene = (onset: number, kind: "sound" | "speech") => ({
    id: "a",
    pool: "p",
    image: "",
    audio: "",
    objects: [],
    targets: [
      { kind: "sound" as const, name: "dog", onset: 0, offset: 1, mask: "" },
      { kind, name: "dog", onset, offset: 2, mask: "" },
    ],
  });
  assert.equal(isMixture(scene(0.9, "speech")), true);
  assert.equal(isMixture(scene(1, "speech")), false);
  assert.equal(isMixture(scene(0.5, "sound")), false);
});
