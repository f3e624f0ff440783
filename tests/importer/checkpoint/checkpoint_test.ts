import assert from "node:assert/strict";
import { join } from "node:path";
import { readArchitecture } from "../../../src/importer/checkpoint/architecture.ts";
import { canonicalName, Checkpoint } from "../../../src/importer/checkpoint/checkpoint.ts";
import { checkWeights } from "../../../src/importer/checkpoint/expected_weights.ts";
import { readHyperParameters } from "../../../src/importer/checkpoint/hyper_parameters.ts";
import { relativeL2 } from "../golden.ts";
import { type SyntheticSizes, TINY, writeSyntheticCheckpoint } from "../synthetic_checkpoint.ts";
import { inFolder } from "../temporary_folder.ts";

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

/** Rewrites a checkpoint's header; `edit` gives a tensor's new name. */
async function renamed(path: string, edit: (name: string) => string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Header;
  const json = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries(Object.entries(header).map(([k, v]) => [edit(k), v]))),
  );
  const result = new Uint8Array(8 + json.length + bytes.length - 8 - length);
  new DataView(result.buffer).setBigUint64(0, BigInt(json.length), true);
  result.set(json, 8);
  result.set(bytes.subarray(8 + length), 8 + json.length);
  await Deno.writeFile(path, result);
}

async function withCheckpoint(
  sizes: SyntheticSizes,
  body: (path: string, folder: string) => Promise<void> | void,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeSyntheticCheckpoint(folder, sizes);
    await body(join(folder, "model.safetensors"), folder);
  });
}

function accepted(path: string, folder: string): void {
  using weights = new Checkpoint(path);
  checkWeights(weights, readArchitecture(weights, readHyperParameters(folder)), false);
}

const POSITION = "audio_model.model.encoder.pos_conv_embed.conv";
const QKV = "image_model.model.blocks.0.attn.qkv";

Deno.test("all published spellings of a name are one", () => {
  for (
    const [stored, name] of [
      ["image_model.base_model.model.model.blocks.0.attn.qkv.weight", `${QKV}.weight`],
      ["image_model.base_model.model.model.blocks.0.attn.qkv.base_layer.weight", `${QKV}.weight`],
      ["image_model.model.blocks.0.attn.qkv.weight", `${QKV}.weight`],
      [`${POSITION}.parametrizations.weight.original0`, `${POSITION}.weight_g`],
      [`${POSITION}.parametrizations.weight.original1`, `${POSITION}.weight_v`],
      [`${POSITION}.weight_g`, `${POSITION}.weight_g`],
    ]
  ) assert.equal(canonicalName(stored), name);
});

Deno.test("both spellings of weight norm yield g v / |v|, one norm per kernel position", async () => {
  await withCheckpoint(TINY, async (path, folder) => {
    const read = () => {
      using weights = new Checkpoint(path);
      return weights.readWeightNormed(POSITION);
    };
    const old = read();
    {
      using weights = new Checkpoint(path);
      const gain = weights.read(`${POSITION}.weight_g`);
      for (let k = 0; k < gain.length; k++) {
        let square = 0;
        for (let i = k; i < old.length; i += gain.length) square += old[i] ** 2;
        assert.ok(Math.abs(Math.sqrt(square) - Math.abs(gain[k])) < 1e-5);
      }
    }
    await renamed(
      path,
      (name) =>
        name.replace("conv.weight_g", "conv.parametrizations.weight.original0")
          .replace("conv.weight_v", "conv.parametrizations.weight.original1"),
    );
    assert.deepEqual(read(), old);
    accepted(path, folder);
  });
});

Deno.test("a low-rank update is merged with scale 32 / rank in every layer", async () => {
  await withCheckpoint(TINY, async (path, folder) => {
    const merged = (name: string) => {
      using weights = new Checkpoint(path);
      return weights.readLinear(name);
    };
    {
      using weights = new Checkpoint(path);
      const [w, a, b] = ["weight", "lora_A.default.weight", "lora_B.default.weight"]
        .map((part) => weights.read(`${QKV}.${part}`));
      const [outs, ins] = weights.shape(`${QKV}.weight`);
      const wanted = Float64Array.from({ length: outs * ins }, (_, at) => {
        const [o, i] = [Math.floor(at / ins), at % ins];
        return w[at] + 16 * (b[o * 2] * a[i] + b[o * 2 + 1] * a[ins + i]);
      });
      assert.ok(relativeL2(merged(QKV), wanted) < 1e-6);
      assert.ok(relativeL2(w, wanted) > 1e-2);
    }
    const before = merged(QKV);
    await renamed(path, (name) =>
      name.replace("qkv.weight", "qkv.base_layer.weight")
        .replace("qkv.bias", "qkv.base_layer.bias"));
    assert.deepEqual(merged(QKV), before);
    accepted(path, folder);
  });
});

Deno.test("the same weight under two spellings is refused", async () => {
  await withCheckpoint(TINY, async (path) => {
    await renamed(
      path,
      (name) => name.replace("blocks.1.attn.qkv.weight", "blocks.0.attn.qkv.base_layer.weight"),
    );
    assert.throws(() => new Checkpoint(path), /each weight must appear once, got .*qkv/);
  });
});

Deno.test("the configuration must match the weights", async (t) => {
  await withCheckpoint(TINY, async (path, folder) => {
    const file = join(folder, "config.json");
    const config = JSON.parse(await Deno.readTextFile(file));
    const cases: [string, Record<string, unknown>, RegExp][] = [
      ["another encoder", { audio_model_type: "davenet" }, /audio_model_type: .*got "davenet"/],
      ["no head count", { sim_agg_heads: undefined }, /sim_agg_heads: .*got nothing/],
      ["heads that do not divide", { sim_agg_heads: 3 }, /must divide the 16 channels, got 3/],
      ["normalized vectors", { norm_vectors: true }, /norm_vectors: .*got true/],
      ["attention heads", { image_attention_heads: 5 }, /divide the encoder's width 12, got 5/],
      ["no attention heads", { image_attention_heads: undefined }, /got 0\.1875/],
    ];
    for (const [name, change, message] of cases) {
      await t.step(name, async () => {
        await Deno.writeTextFile(file, JSON.stringify({ ...config, ...change }));
        assert.throws(() => accepted(path, folder), message);
      });
    }
  });
});

Deno.test("unknown tensors are refused, or ignored if allowed", async () => {
  await withCheckpoint(TINY, async (path, folder) => {
    await renamed(path, (name) => name === "sim_cal.w" ? "image_model.extra.weight" : name);
    assert.throws(() => accepted(path, folder), /unexpected image_model.extra.weight/);
    using weights = new Checkpoint(path);
    const architecture = readArchitecture(weights, readHyperParameters(folder));
    assert.deepEqual(checkWeights(weights, architecture, true), ["image_model.extra.weight"]);
  });
});

Deno.test("at most ten faults are listed", async () => {
  await withCheckpoint(TINY, async (path, folder) => {
    await renamed(path, (name) => name.replace("norm", "nrom"));
    assert.throws(() => accepted(path, folder), (error: Error) => {
      const [head, ...list] = error.message.split("\n");
      assert.match(head, /got \d\d missing and \d\d unexpected tensors/);
      assert.equal(list.length, 10);
      assert.match(list[0], /missing .*norm.* \(closest: .*nrom.*\)/);
      return true;
    });
  });
});
