import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EnginePool } from "../../../src/pipeline/engine_pool.ts";
import { pipelineSchema } from "../../../src/pipeline/schema.ts";
import { whence } from "../whence.ts";

const SCENES = fileURLToPath(new URL("../../evaluation/scenes/", import.meta.url));
const PICTURE = join(SCENES, "0003-photo-single.png");
const WORD = join(SCENES, "0003-photo-single.wav");

Deno.test("show: a thing is stored, listed, used by an engine and removed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-show-" });
  try {
    const bank = join(folder, "things.json");
    const bare = await whence(["show", "fruit", "--bank", bank]);
    assert.equal(bare.code, 2);
    assert.match(
      bare.stderr,
      /^Cannot show fruit: --source or --pictures, and one of --say, --sound must be given\n$/,
    );

    const box = ["--box", "0.45,0.36,0.9,0.55"];
    const shown = await whence([
      ...["show", "fruit", "--bank", bank, "--pictures", PICTURE, "--say", WORD, ...box],
    ]);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /fruit \(speech\)/);
    const list = await whence(["show", "--list", "--bank", bank]);
    assert.match(list.stdout, /fruit +speech +denseav-mini@/);

    const engines = new EnginePool();
    const config = (things?: string) =>
      pipelineSchema.parse({
        name: "front",
        source: { uri: "a.mkv" },
        model: "denseav-mini",
        runtime: { providers: ["cpu"], threads: 1 },
        publish: { jsonl: "a.jsonl" },
        things,
      });
    await using plain = await engines.acquire(config(), folder, () => {});
    await using taught = await engines.acquire(config("things.json"), folder, () => {});
    const { width, height, grid } = plain.manifest.image;
    const frame = new Uint8Array(width * height * 3).fill(90);
    const [before, after] = await Promise.all(
      [plain, taught].map(({ encoders }) => encoders.encodeImages(frame, 1)),
    );
    assert.equal(after.features.length, before.features.length);
    const half = before.features.length / 2;
    assert.deepEqual(after.features.subarray(0, half), before.features.subarray(0, half));
    assert.ok(grid.width > 0 && taught.manifest.heads[1].bound! > plain.manifest.heads[1].bound!);

    const exported = join(folder, "fruit.json");
    const written = await whence(["show", "fruit", "--export", exported, "--bank", bank]);
    assert.equal(written.code, 0, written.stderr);

    const removed = await whence(["show", "fruit", "--remove", "--bank", bank]);
    assert.equal(removed.code, 0, removed.stderr);
    const again = await whence(["show", "fruit", "--remove", "--bank", bank]);
    assert.match(again.stderr, /^Cannot remove fruit: .*things\.json has nothing\n$/);
    const none = await whence(["show", "fruit", "--export", exported, "--bank", bank]);
    assert.match(none.stderr, /^Cannot export fruit: .*things\.json has nothing\n$/);

    const added = await whence(["show", "--import", exported, "--bank", bank]);
    assert.equal(added.stdout, "added fruit\n");
    assert.match((await whence(["show", "--list", "--bank", bank])).stdout, /fruit +speech/);
    const other = join(folder, "other.json");
    const text = await Deno.readTextFile(exported);
    await Deno.writeTextFile(other, text.replace(/denseav-mini@\d+/, "denseav@9"));
    const refused = await whence(["show", "--import", other, "--bank", bank]);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^Cannot import .*other\.json: "fruit" must have been shown to denseav-mini@\d+, got denseav@9\n$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
