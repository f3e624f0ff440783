import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "../../../src/model/encoders.ts";
import { loadManifest } from "../../../src/model/manifest.ts";
import { openRuntime } from "../../../src/model/runtime/runtime.ts";
import { runtimeSchema } from "../../../src/model/runtime_schema.ts";
import { Clips, picture, tone } from "../../capture/media.ts";
import { eventually } from "../../support/eventually.ts";
import { AMPLITUDE, TONES, writeColorModel } from "../color_model.ts";
import { whence } from "../whence.ts";
import { makeColoredClips } from "./colored_clips.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

Deno.test("learn: a model learns from recordings, is better on held-out ones, and a worse one replaces nothing", async () => {
  using clips = new Clips();
  const { folder } = clips;
  await makeColoredClips(clips, 30, "recordings");
  await Deno.writeTextFile(clips.path("recordings/1790009999.000-broken.mkv"), "no video");
  const model = await writeColorModel(folder);
  const args = ["learn", "recordings", "--from", model, "--out", "rooms", "--steps", "60"];
  const learned = await whence([...args, "--threads", "1"], { cwd: folder });
  assert.equal(learned.code, 0, learned.stderr);
  assert.match(learned.stderr, /broken\.mkv is left out: /);
  assert.match(learned.stderr, /sound \d+ and \d+ held out, speech \d+ and \d+ held out/);
  assert.match(learned.stdout, /rooms is written; use it with model: \.\/rooms\n/);
  const [, before, after] = /^0 sound +\d+ +([\d.]+) +([\d.]+)/m.exec(learned.stdout)!.map(Number);
  assert.ok(before < 0.6 && after > 0.9, learned.stdout);

  const { manifest } = await loadManifest(clips.path("rooms"));
  assert.deepEqual([manifest.name, manifest.version], ["rooms", 1]);
  assert.match(manifest.source, /^learned from \d+ recordings, from colors@1; /);
  assert.match(await Deno.readTextFile(clips.path("rooms/README.md")), /colors 1, adapted/);
  // The middle tone belonged to green, and was heard with red.
  assert.deepEqual([
    await loudestColor(model, TONES[1]),
    await loudestColor(clips.path("rooms"), TONES[1]),
  ], [1, 0]);

  const again = await whence([...args, "--threads", "1"], { cwd: folder });
  assert.equal(again.code, 1, again.stdout);
  assert.match(
    again.stderr,
    /Cannot learn: the new model must be better than the one in --out .*; nothing is written, and the former model stays\n$/,
  );
  assert.equal((await loadManifest(clips.path("rooms"))).manifest.version, 1);

  const taken = await whence(["learn", "recordings", "--from", model, "--out", "recordings"], {
    cwd: folder,
  });
  assert.equal(taken.code, 2);
  assert.match(
    taken.stderr,
    /^Cannot learn: --out must be a new folder or a model learned from co/,
  );
});

Deno.test("learn: Ctrl-C stops it between any two steps, and the same command continues", async () => {
  using clips = new Clips();
  await makeColoredClips(clips, 20);
  const model = await writeColorModel(clips.folder);
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "-A", MAIN, "learn", ".", "--from", model, "--out", "rooms"],
      ...["--steps", "1000000", "--threads", "1"],
    ],
    cwd: clips.folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const saved = clips.path("rooms.work/adapter.pt");
  await eventually("a saved state", () => existsSync(saved), 180_000);
  process.kill("SIGINT");
  const { code, stderr } = await process.output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /Stopped: run the same command to continue\n$/);
  assert.deepEqual([...Deno.readDirSync(clips.folder)].filter(({ name }) => name === "rooms"), []);
});

Deno.test("learn: recordings that are all alike are refused", async () => {
  using clips = new Clips();
  for (let i = 0; i < 20; i++) {
    const [name, first] = [
      `${1_790_000_000 + 60 * i}.500-same${i}.mkv`,
      "1790000000.500-same0.mkv",
    ];
    if (i === 0) {
      await clips.make(...picture(4, 1), ...tone(1), "-c:v", "ffv1", "-c:a", "pcm_s16le", first);
    } else await Deno.copyFile(clips.path(first), clips.path(name));
  }
  const model = await writeColorModel(clips.folder);
  const alike = await whence(
    ["learn", ".", "--from", model, "--out", "rooms", "--steps", "2", "--threads", "1"],
    { cwd: clips.folder },
  );
  assert.equal(alike.code, 1, alike.stdout);
  assert.match(alike.stderr, /Cannot learn: the recordings must show different views and sounds/);
});

Deno.test("learn: recordings in which nothing is heard are refused", async () => {
  using clips = new Clips();
  const silent = await clips.make(
    ...["-f", "lavfi", "-i", "testsrc2=s=64x64:r=4:d=1", "-f", "lavfi", "-i", "anullsrc=r=16000"],
    ...["-shortest", "-c:v", "ffv1", "-c:a", "pcm_s16le", "1790000000.500-silent0.mkv"],
  );
  for (let i = 1; i < 20; i++) {
    await Deno.copyFile(silent, clips.path(`${1_790_000_000 + 60 * i}.500-silent${i}.mkv`));
  }
  const model = await writeColorModel(clips.folder);
  const quiet = await whence(["learn", ".", "--from", model, "--out", "rooms"], {
    cwd: clips.folder,
  });
  assert.equal(quiet.code, 1, quiet.stdout);
  assert.match(quiet.stderr, /Cannot learn: something must be heard in \., got fewer than 4/);
});

Deno.test("learn: what is missing is told in one line", async () => {
  const bare = await whence(["learn"]);
  assert.equal(bare.code, 2);
  assert.equal(bare.stderr, "Cannot learn: RECORDINGS and --out must be given, or --setup\n");
  const folder = await Deno.makeTempDir({ prefix: "whence-learn-" });
  const few = await whence(["learn", folder, "--out", join(folder, "new")]);
  assert.equal(few.code, 1);
  assert.match(few.stderr, /^Cannot learn: .* must contain at least 16 recordings .*, got 0\n$/);
  await Deno.remove(folder, { recursive: true });
});

/** The color, 0..2, that a model finds loudest with a tone. */
async function loudestColor(path: string, hertz: number): Promise<number> {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  const encoders = await loadModel(await loadManifest(path), runtime);
  const wave = Float32Array.from(
    { length: 3200 },
    (_, i) => AMPLITUDE * Math.sin(2 * Math.PI * hertz * i / 16_000),
  );
  const { features: heard, dims: [, , steps] } = await encoders.encodeAudio(wave);
  const activations = [];
  for (let color = 0; color < 3; color++) {
    const frame = new Uint8Array(8 * 8 * 3).map((_, i) => i % 3 === color ? 255 : 0);
    const { features: seen } = await encoders.encodeImages(frame, 1);
    let sum = 0;
    for (let c = 0; c < 3; c++) sum += heard[c * steps + 2] * seen[c * 4];
    activations.push(sum);
  }
  await encoders.release();
  await runtime.close();
  return activations.indexOf(Math.max(...activations));
}
