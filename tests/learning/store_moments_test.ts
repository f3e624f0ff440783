import assert from "node:assert/strict";
import { join } from "node:path";
import type { Recording } from "../../src/learning/find_recordings.ts";
import { storeMoments } from "../../src/learning/store_moments.ts";
import { type Encoders, loadModel } from "../../src/model/encoders.ts";
import { loadManifest } from "../../src/model/manifest.ts";
import { Clips } from "../capture/media.ts";
import { makeColoredClips } from "../cli/learn/colored_clips.ts";
import { writeColorModel } from "../cli/color_model.ts";
import { openCpu } from "../model/open_cpu.ts";

const NAMES = ["1790000000.500-clip00.mkv", "1790000060.500-clip01.mkv"];

/** Two recordings, a model that encodes them, and a folder for the features. */
async function withRecordings(
  test: (at: { clips: Clips; encoders: Encoders; recordings: Recording[] }) => Promise<void>,
): Promise<void> {
  using clips = new Clips();
  await makeColoredClips(clips, NAMES.length);
  const runtime = await openCpu();
  const model = await loadManifest(await writeColorModel(clips.folder));
  const encoders = await loadModel(model, runtime);
  try {
    const recordings = NAMES.map((name): Recording => ({
      path: clips.path(name),
      name,
      group: name,
      split: "train",
    }));
    await test({ clips, encoders, recordings });
  } finally {
    await encoders.release();
    await runtime.close();
  }
}

const options = (clips: Clips) => ({
  work: clips.path("work"),
  signal: new AbortController().signal,
  onProgress: () => {},
});

Deno.test("a recording that is deleted meanwhile, or damaged, is left out, and the others are stored", () =>
  withRecordings(async ({ clips, encoders, recordings }) => {
    await Deno.remove(recordings[0].path);
    const damaged = { ...recordings[0], path: clips.path("damaged.mkv"), name: "damaged.mkv" };
    await Deno.writeTextFile(damaged.path, "no video");
    const stored = await storeMoments(encoders, [...recordings, damaged], options(clips));
    assert.deepEqual(stored.unreadable.map(({ name }) => name), [NAMES[0], "damaged.mkv"]);
    assert.match(stored.unreadable[0].reason, /No such file/);
    assert.ok(stored.counts[0].train > 0);
  }));

Deno.test("features that cannot be written end the run", () =>
  withRecordings(async ({ clips, encoders, recordings }) => {
    await Deno.mkdir(join(clips.path("work"), "features", `${NAMES[1]}.f16`), { recursive: true });
    await assert.rejects(
      storeMoments(encoders, recordings, options(clips)),
      Deno.errors.IsADirectory,
    );
  }));

Deno.test("a model that fails ends the run", () =>
  withRecordings(async ({ clips, encoders, recordings }) => {
    const failing = Object.create(encoders, {
      encodeAudio: { value: () => Promise.reject(new Error("out of memory")) },
    });
    await assert.rejects(storeMoments(failing, recordings, options(clips)), /out of memory/);
  }));

Deno.test("a recording that is replaced changes the key of the training state", () =>
  withRecordings(async ({ clips, encoders, recordings }) => {
    const key = async () => {
      await storeMoments(encoders, recordings, options(clips));
      return JSON.parse(await Deno.readTextFile(clips.path("work/moments.json"))).key;
    };
    const first = await key();
    assert.equal(await key(), first);
    // The same moments of the same name: only the file is another.
    await Deno.utime(recordings[0].path, 1_790_000_000, 1_790_000_000);
    assert.notEqual(await key(), first);
  }));
