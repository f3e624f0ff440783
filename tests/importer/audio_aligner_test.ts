import assert from "node:assert/strict";
import { join } from "node:path";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { readArchitecture } from "../../src/importer/checkpoint/architecture.ts";
import { buildAudioGraph } from "../../src/importer/graph/audio_graph.ts";
import { Checkpoint } from "../../src/importer/checkpoint/checkpoint.ts";
import { readHyperParameters } from "../../src/importer/checkpoint/hyper_parameters.ts";
import { probeWaveform } from "../../src/importer/probe_input.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { relativeL2 } from "./golden.ts";
import { TINY, writeSyntheticCheckpoint } from "./synthetic_checkpoint.ts";
import { inFolder } from "./temporary_folder.ts";

type Rows = number[][];

// The reference checkpoints' 48 channels need no padding, the published 512 do: as the original,
// zeros in front of the channels, a block of 6 heads, the same channels cut off again.
Deno.test("an aligner that is wider than its channels pads in front and cuts off again", async () => {
  await inFolder(async (folder) => {
    await writeSyntheticCheckpoint(folder, TINY);
    using weights = new Checkpoint(join(folder, "model.safetensors"));
    const architecture = {
      ...readArchitecture(weights, readHyperParameters(folder)),
      classToken: true,
    };
    assert.equal(architecture.alignerBlock.width, 18);
    assert.equal(architecture.channels, 16);
    const { graph, taps } = buildAudioGraph(weights, architecture, { arithmetic: "fp32" });
    graph.output("pooled", taps.pool2, "float32", ["n", 16, "T"]);
    const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
    const session = await runtime.createSession(graph.build());
    const out = await session.run({
      waveform: { type: "float32", dims: [1, 16000], data: probeWaveform(16000) },
    });
    await session.release();
    await runtime.close();

    const [, , steps] = out.features.dims;
    const pooled = out.pooled.data as Float32Array;
    const tokens: Rows = [learnedToken(weights)];
    for (let t = 0; t < steps; t++) {
      tokens.push(Array.from({ length: 16 }, (_, c) => pooled[c * steps + t]));
    }
    const aligned = block(
      weights,
      "audio_aligner.mod_list.4.block",
      tokens.map((r) => [0, 0, ...r]),
    )
      .map((row) => row.slice(2));
    const wanted: number[] = [];
    for (let c = 0; c < 16; c++) for (let t = 0; t < steps; t++) wanted.push(aligned[t + 1][c]);
    assert.ok(relativeL2(out.features.data as Float32Array, wanted) < 1e-5);
    assert.ok(relativeL2(out.cls.data as Float32Array, aligned[0]) < 1e-5);
  });
});

function learnedToken(weights: Checkpoint): number[] {
  const norm = "audio_aligner.mod_list.1.norm";
  const [token] = layerNorm(weights, norm, [[...weights.read("audio_cls")]]);
  return linear(weights, "audio_aligner.mod_list.2.cls_layer", [token])[0];
}

function block(weights: Checkpoint, name: string, x: Rows): Rows {
  const heads = 6;
  const width = x[0].length;
  const size = width / heads;
  const mixed = linear(weights, `${name}.attn.qkv`, layerNorm(weights, `${name}.norm1`, x));
  const attended = mixed.map((query) => {
    const row: number[] = [];
    for (let h = 0; h < heads; h++) {
      const part = (of: number[], which: number) =>
        of.slice(which * width + h * size, which * width + (h + 1) * size);
      const scores = mixed.map((key) => dot(part(query, 0), part(key, 1)) / Math.sqrt(size));
      const top = Math.max(...scores);
      const exps = scores.map((s) => Math.exp(s - top));
      const total = exps.reduce((a, b) => a + b, 0);
      for (let i = 0; i < size; i++) {
        row.push(mixed.reduce((sum, value, t) => sum + exps[t] / total * part(value, 2)[i], 0));
      }
    }
    return row;
  });
  const middle = add(x, linear(weights, `${name}.attn.proj`, attended));
  const hidden = linear(weights, `${name}.mlp.fc1`, layerNorm(weights, `${name}.norm2`, middle));
  return add(middle, linear(weights, `${name}.mlp.fc2`, hidden.map((row) => row.map(gelu))));
}

function linear(weights: Checkpoint, name: string, x: Rows): Rows {
  const [outs, ins] = weights.shape(`${name}.weight`);
  const w = weights.read(`${name}.weight`);
  const b = weights.read(`${name}.bias`);
  return x.map((row) =>
    Array.from({ length: outs }, (_, o) => b[o] + dot(row, w.subarray(o * ins, (o + 1) * ins)))
  );
}

function layerNorm(weights: Checkpoint, name: string, x: Rows): Rows {
  const gain = weights.read(`${name}.weight`);
  const shift = weights.read(`${name}.bias`);
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
    return row.map((v, i) => (v - mean) / Math.sqrt(variance + 1e-4) * gain[i] + shift[i]);
  });
}

function gelu(x: number): number {
  return x * 0.5 * (1 + erf(x / Math.SQRT2));
}

/** Power series, good to double precision for the small arguments here. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

function add(a: Rows, b: Rows): Rows {
  return a.map((row, i) => row.map((v, j) => v + b[i][j]));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
