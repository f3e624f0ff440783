import assert from "node:assert/strict";
import { join } from "node:path";
import { measuredFlops } from "../../../src/evaluation/runs/measured_flops.ts";
import { loadManifest } from "../../../src/model/manifest.ts";
import { GOLDEN } from "../../importer/golden.ts";
import { LocalHub } from "../../importer/local_hub.ts";
import { TINY, writeSyntheticCheckpoint } from "../../importer/synthetic_checkpoint.ts";
import { inFolder } from "../../importer/temporary_folder.ts";
import { writeColorModel } from "../color_model.ts";
import { whence } from "../whence.ts";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("model import, show, list and remove", async (t) => {
  await inFolder(async (out) => {
    const where = ["--out", out];
    await t.step("import prints the result", async () => {
      const { code, stdout, stderr } = await whence(
        ["model", "import", `${GOLDEN}/public_2head`, "--name", "two", "--precision", "int8"]
          .concat(where),
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^two: DenseAV .* 0\.4 M parameters, int8$/m);
      assert.match(stdout, /distance from plain float32: image features \d\.\de-\d, audio/);
      assert.match(stdout, /head 0 speech, head 1 sound \(presumed; --heads states it\)/);
      assert.match(stdout, /not calibrated: .*whence model calibrate two --data FOLDER/);
      assert.deepEqual(names(out), ["two"]);
    });
    await t.step("show", async () => {
      const { code, stdout, stderr } = await whence(["model", "show", "two", ...where]);
      assert.equal(code, 0, stderr);
      for (
        const line of [
          /input +frames uint8 \[n, 224, 224, 3\]/,
          /output +features float32 \[n, 48, 28, 28\]/,
          /input +waveform float32 \[n, samples\]/,
          /output +features float32 \[n, 48, T\]/,
          /parameters +38\d k/,
          /operations +503 MFLOP per frame/,
          /operations +43\.6 MFLOP per second of audio/,
          /self-check +int8, 0\.0\d+ from plain float32/,
          /5\.56 features per second, feature 0 at 93 ms/,
          /0 +speech \(presumed\) +not calibrated/,
          /license +not stated/,
        ]
      ) assert.match(stdout, line);
    });
    await t.step("list shows usable models, and why others are not usable", async () => {
      await Deno.mkdir(join(out, "broken"));
      await Deno.writeTextFile(join(out, "broken", "model.yaml"), "format: whence/model/9\n");
      const { code, stdout } = await whence(["model", "list", ...where]);
      assert.equal(code, 0);
      assert.match(stdout, /^NAME +HEADS +IMAGE +PRECISION +SIZE +CALIBRATED +LICENSE$/m);
      assert.match(stdout, /^two@1 +speech\?,sound\? +224x224 +int8 +\d{3} kB +no +not stated/m);
      assert.match(stdout, /^Cannot load the model: .*broken/m);
    });
    await t.step("remove asks, unless --yes is passed", async () => {
      const asked = await whence(["model", "remove", "two", ...where]);
      assert.equal(asked.code, 2);
      assert.match(asked.stderr, /not a terminal; pass --yes/);
      const outside = await whence(["model", "remove", "../x", "--yes", ...where]);
      assert.equal(outside.code, 2);
      assert.match(outside.stderr, /must be one of the models in .* \(broken, two\)/);
      const confirmed = await whence(["model", "remove", "two", "--yes", ...where]);
      assert.equal(confirmed.code, 0, confirmed.stderr);
      assert.deepEqual(names(out), ["broken"]);
    });
  });
});

Deno.test("mistakes on the command line", async (t) => {
  await inFolder(async (out) => {
    const cases: [string, string[], number, RegExp][] = [
      ["a pickle", ["import", "weights.ckpt"], 1, /^Cannot import weights.ckpt: .*can run code/],
      ["heads", ["import", ".", "--heads", "bark"], 2, /It must be sound or speech for each head/],
      ["size", ["import", ".", "--image-size", "big"], 2, /It must be WIDTHxHEIGHT in pixels/],
      ["precision", ["import", ".", "--precision", "int4"], 2, /Allowed choices are fp32, fp16/],
      [
        "no reference",
        ["pull", "DenseAV-sound"],
        1,
        /^Cannot pull: the model must be hf:ORG\/NAME/,
      ],
      ["an unknown model", ["show", "none"], 1, /^Cannot find model none: /],
    ];
    for (const [name, args, wanted, message] of cases) {
      await t.step(name, async () => {
        const { code, stderr } = await whence(["model", ...args, "--out", out]);
        assert.equal(code, wanted, stderr);
        assert.match(stderr, message);
        assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
      });
    }
  });
});

Deno.test("faulty weights are listed", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    const config = JSON.parse(await Deno.readTextFile(join(source, "config.json")));
    await Deno.writeTextFile(
      join(source, "config.json"),
      JSON.stringify({ ...config, sim_use_cls: true }),
    );
    const path = join(source, "model.safetensors");
    const bytes = await Deno.readFile(path);
    const at = new TextDecoder("latin1").decode(bytes).indexOf("image_aligner.cls_layer.bias");
    bytes.set(new TextEncoder().encode("x"), at);
    await Deno.writeFile(path, bytes);
    const { code, stderr } = await whence([
      "model",
      "import",
      source,
      "--out",
      join(folder, "out"),
    ]);
    assert.equal(code, 1);
    const [head, ...rest] = stderr.trimEnd().split("\n");
    assert.match(head, /got 1 missing and 1 unexpected tensors/);
    assert.match(rest[0], /missing image_aligner.cls_layer.bias \(closest: xmage_aligner/);
    assert.equal(rest.length, 2);
  });
});

Deno.test("pull continues after a broken connection, imports the model, and cleans up", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    const out = join(folder, "models");
    await writeSyntheticCheckpoint(source, TINY);
    const files = Object.fromEntries(
      names(source).map((name) => [name, Deno.readFileSync(join(source, name))]),
    );
    await using hub = await LocalHub.start("org/DenseAV-two", files);
    Object.assign(hub.mischief, { breakAfter: 60_000, breaks: 1 });
    const { code, stdout, stderr } = await whence(
      ["model", "pull", "hf:org/DenseAV-two@v1", "--image-size", "32x32", "--out", out],
      { env: { HF_ENDPOINT: hub.endpoint } },
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /; next attempt in 1 s/);
    assert.match(stderr, /org\/DenseAV-two: .* of .*, .*\/s, .* left/);
    assert.match(stdout, /^denseav-two: /);
    assert.deepEqual(names(out).filter((name) => name !== ".downloads"), ["denseav-two"]);
    assert.deepEqual(names(join(out, ".downloads")), []);
    const { manifest } = await loadManifest(join(out, "denseav-two"));
    assert.match(manifest.source, /org\/DenseAV-two@0123456789abcdef/);
  });
});

Deno.test("pull checks name, target and configuration before it downloads the weights", async (t) => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    const out = join(folder, "models");
    await writeSyntheticCheckpoint(source, TINY);
    const files = Object.fromEntries(
      names(source).map((name) => [name, Deno.readFileSync(join(source, name))]),
    );
    await using hub = await LocalHub.start("org/DenseAV-two", files);
    await Deno.mkdir(join(out, "taken"), { recursive: true });
    await Deno.writeTextFile(join(folder, "file"), "");
    const cases: [name: string, args: string[], message: RegExp][] = [
      ["a bad name", ["--name", "a/b"], /the name must be letters, digits, .* got "a\/b"/],
      ["a name that is taken", ["--name", "taken"], /taken must not exist yet; .* --replace/],
      ["no model to replace", ["--name", "taken", "--replace"], /must be a model to be replaced/],
      ["a file as folder", ["--out", join(folder, "file")], /must be a folder that can be written/],
      ["heads", ["--heads", "sound"], /--heads must name 2 heads, got 1/],
    ];
    for (const [name, args, message] of cases) {
      await t.step(name, async () => {
        const { code, stderr } = await whence(
          ["model", "pull", "hf:org/DenseAV-two", "--out", out, ...args],
          { env: { HF_ENDPOINT: hub.endpoint } },
        );
        assert.equal(code, 1, stderr);
        assert.match(stderr, message);
        assert.equal(hub.ranges.length, 0);
      });
    }
    await t.step("a gated model, then with HF_TOKEN", async () => {
      hub.mischief.token = "hf_very_secret";
      const args = ["model", "pull", "hf:org/DenseAV-two", "--out", out, "--image-size", "32x32"];
      const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: "" };
      const without = await whence(args, { env });
      assert.equal(without.code, 1);
      assert.match(without.stderr, /got 401 .*set HF_TOKEN to an access token/);
      const wanted = await whence(args, { env: { ...env, HF_TOKEN: "hf_very_secret" } });
      assert.equal(wanted.code, 0, wanted.stderr);
      assert.ok(!wanted.stderr.includes("hf_very_secret"));
      assert.ok(names(out).includes("denseav-two"));
    });
  });
});

Deno.test("operations recorded at import are those that are counted in a run", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    const common = ["--out", folder, "--image-size", "48x32", "--window", "2s"];
    for (const precision of ["fp32", "int8"]) {
      const name = `made-${precision}`;
      const { code, stderr } = await whence(
        ["model", "import", source, "--name", name, "--precision", precision, ...common],
      );
      assert.equal(code, 0, stderr);
      const { path, manifest } = await loadManifest(join(folder, name));
      const counted = await measuredFlops(path, manifest);
      assert.equal(manifest.image.flops, counted.frame);
      assert.equal(manifest.audio.flops_per_second, Math.round(counted.second));
    }
    const path = await writeColorModel(folder);
    const { code, stdout } = await whence(["model", "show", path]);
    assert.equal(code, 0);
    // 50 steps per second × (6 × 320 + 3 × 6) products
    assert.match(stdout, /operations +194 kFLOP per second of audio/);
  });
});
