/** Opt-in: a running pipeline records, Whence learns from that, and then finds what it did not find. `deno task test:learn`, 5 minutes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadManifest } from "../../../src/model/manifest.ts";
import { Clips } from "../../capture/media.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { writeColorModel } from "../color_model.ts";
import { whence } from "../whence.ts";
import { makeColoredClips } from "./colored_clips.ts";

const SCENES = 24;
const SCENE_SECONDS = 5;

Deno.test("record, learn, run: sounds that the model placed wrongly are found in place", async () => {
  using clips = new Clips();
  const { folder } = clips;
  await makeColoredClips(clips, SCENES, "scenes", SCENE_SECONDS);
  const scenes = [...Deno.readDirSync(clips.path("scenes"))].map(({ name }) => name).sort();
  await Deno.writeTextFile(
    clips.path("list.txt"),
    scenes.map((name) => `file 'scenes/${name}'\n`).join(""),
  );
  await clips.make("-f", "concat", "-i", "list.txt", "-c", "copy", "robot.mkv");
  await writeColorModel(folder);
  const pipeline = (extra: Record<string, unknown>) =>
    Deno.writeTextFile(
      clips.path("front.yaml"),
      JSON.stringify({
        source: { uri: "robot.mkv", fit: "stretch" },
        model: "./colors",
        window: { duration: "1s", hop: "200ms", lookahead: "40ms" },
        runtime: { providers: ["cpu"], threads: 1 },
        publish: { jsonl: "events.jsonl" },
        ...extra,
      }),
    );
  await pipeline({ record: { path: "recordings", mode: "all", segment: "5s" } });
  const run = await whence(["run", "front.yaml"], { cwd: folder });
  assert.equal(run.code, 0, run.stderr);

  const learned = await whence(
    ["learn", "recordings", "--from", "./colors", "--out", "rooms", "--steps", "80"],
    { cwd: folder },
  );
  assert.equal(learned.code, 0, learned.stderr);
  console.log(learned.stdout);
  const { heads } = (await loadManifest(clips.path("rooms"))).manifest;
  assert.ok(heads.every(({ calibration }) => calibration !== undefined));

  await pipeline({ source: { uri: "robot.mkv", fit: "stretch", pace: "fast" } });
  const inPlace: number[] = [];
  for (const model of ["./colors", "./rooms"]) {
    await Deno.remove(join(folder, "events.jsonl")).catch(() => {});
    const again = await whence(["run", "front.yaml", "--set", `model=${model}`], { cwd: folder });
    assert.equal(again.code, 0, again.stderr);
    const lines = (await Deno.readTextFile(clips.path("events.jsonl"))).trim();
    const events = lines === "" ? [] : lines.split("\n").map((line) => decodeLine(line).event);
    // The color is on the left in every other scene.
    const right = new Set(
      events.filter(({ located, peak, stream: { onset } }) =>
        located && peak !== undefined &&
        (peak[0] < 0.5) === (Math.round(onset / SCENE_SECONDS) % 2 === 0)
      ).map(({ stream: { onset } }) => Math.round(onset / SCENE_SECONDS)),
    );
    inPlace.push(right.size);
  }
  console.log(`scenes in place: ${inPlace[0]} before, ${inPlace[1]} after, of ${SCENES}`);
  assert.ok(inPlace[1] > inPlace[0] && inPlace[1] > SCENES / 2, `${inPlace}`);
});
