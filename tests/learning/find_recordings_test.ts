import assert from "node:assert/strict";
import { join } from "node:path";
import { findRecordings } from "../../src/learning/find_recordings.ts";

async function folderWith(names: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "whence-recordings-" });
  for (const name of names) await Deno.writeTextFile(join(folder, name), "");
  return folder;
}

/** Clips of events, two of them 5 s apart. */
const EVENTS = Array.from(
  { length: 40 },
  (_, i) => `${1_790_000_000 + 60 * (i >> 1) + 5 * (i % 2)}.250-abc${i}.mp4`,
);

Deno.test("a part of the recordings is held out, and clips of the same seconds stay together", async () => {
  const folder = await folderWith([...EVENTS, "1790000000.250-abc0.jpg", "notes.txt"]);
  try {
    const found = await findRecordings(folder);
    assert.equal(found.length, EVENTS.length);
    for (let i = 0; i < found.length; i += 2) {
      assert.equal(found[i].group, found[i + 1].group);
      assert.equal(found[i].split, found[i + 1].split);
    }
    const heldOut = found.filter(({ split }) => split === "held_out").length;
    assert.ok(heldOut >= 8 && heldOut <= 20, `${heldOut}`);
    assert.equal(new Set(found.map(({ group }) => group)).size, 20);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("most recordings stay where they are when others are added", async () => {
  const names = Array.from({ length: 60 }, (_, i) => `front-202611${10 + i}T101500Z.mp4`);
  const [few, many] = [await folderWith(names.slice(0, 40)), await folderWith(names)];
  try {
    const before = await findRecordings(few);
    const after = new Map((await findRecordings(many)).map(({ name, split }) => [name, split]));
    const moved = before.filter(({ name, split }) => after.get(name) !== split);
    assert.deepEqual(moved, []);
  } finally {
    await Deno.remove(few, { recursive: true });
    await Deno.remove(many, { recursive: true });
  }
});

Deno.test("of sixteen recordings four are held out, whatever their names", async () => {
  // Eight of the names room6-… have a rank below the share that is held out, and none of room429-….
  for (const room of ["room6", "room429"]) {
    const names = Array.from({ length: 16 }, (_, i) => `${room}-${String(i).padStart(2, "0")}.mp4`);
    const folder = await folderWith(names);
    try {
      const found = await findRecordings(folder);
      assert.equal(found.filter(({ split }) => split === "held_out").length, 4, room);
      assert.equal(found.filter(({ split }) => split === "train").length, 12, room);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("many recordings of too few different times are refused", async () => {
  const folder = await folderWith(EVENTS.slice(0, 30));
  try {
    await assert.rejects(
      findRecordings(folder),
      /^LearnError: Cannot learn: .* must contain at least 16 recordings of different times, got 15$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("too few recordings, and a folder that does not exist, are refused", async () => {
  const folder = await folderWith(EVENTS.slice(0, 10));
  try {
    await assert.rejects(
      findRecordings(folder),
      /^LearnError: Cannot learn: .* must contain at least 16 recordings of different times, got 5$/,
    );
    await assert.rejects(findRecordings(join(folder, "nowhere")), /must be a readable folder$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
