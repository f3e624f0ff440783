import assert from "node:assert/strict";
import { join } from "node:path";
import { pruneRecordings } from "../../src/record/prune_recordings.ts";

const NOW_MS = 1_795_000_000_000;

/** Files of 1000 bytes; the value is their age in seconds. */
async function withFiles(
  ages: Readonly<Record<string, number>>,
  use: (folder: string, left: () => string[]) => Promise<void>,
) {
  const folder = await Deno.makeTempDir({ prefix: "whence-prune-" });
  try {
    for (const [name, age] of Object.entries(ages)) {
      await Deno.writeFile(join(folder, name), new Uint8Array(1000));
      const time = NOW_MS / 1000 - age;
      await Deno.utime(join(folder, name), time, time);
    }
    await use(folder, () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const OLD = "1794999000.000-aaaaaa.mp4";
const MIDDLE = "1794999500.000-bbbbbb.jpg";
const NEW = "front-20261118T000000Z.webm";
const OTHERS = { "holiday.mp4": 1e6, "1794999000.000-aaaaaa.mp4.bak": 1e6, "notes.part": 1e6 };

Deno.test("the oldest recordings are deleted until the rest fits; other files stay", async () => {
  await withFiles({ [OLD]: 1000, [MIDDLE]: 500, [NEW]: 10, ...OTHERS }, async (folder, left) => {
    const prune = (bytes: number, seconds: number) =>
      pruneRecordings(folder, { bytes, seconds }, NOW_MS);
    assert.equal(await prune(3000, 1e6), 0);
    assert.equal(await prune(2999, 1e6), 1);
    assert.ok(!left().includes(OLD) && left().includes(MIDDLE));
    assert.equal(await prune(1e6, 100), 1);
    assert.deepEqual(left(), [...Object.keys(OTHERS), NEW].sort());
  });
});

Deno.test("what killed processes did not finish is deleted after some minutes", async () => {
  const names = { [`${OLD}.part`]: 1000, [`${OLD}.sound.part`]: 1000, [`${NEW}.part`]: 10 };
  await withFiles({ ...names, ...OTHERS }, async (folder, left) => {
    assert.equal(await pruneRecordings(folder, { bytes: 1e9, seconds: 1e9 }, NOW_MS), 0);
    assert.deepEqual(left(), [...Object.keys(OTHERS), `${NEW}.part`].sort());
  });
});
