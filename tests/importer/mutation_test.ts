import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { importModel } from "../../src/importer/import_model.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import type { Runtime } from "../../src/model/runtime/session.ts";
import { TINY, writeSyntheticCheckpoint } from "./synthetic_checkpoint.ts";
import { inFolder } from "./temporary_folder.ts";

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

const HOSTILE = ["", "../../evil", "/etc/passwd", "a\nb", "\u0000", "__proto__", "constructor"];

/** A whole number that a header may hold but should not. */
const oddNumber = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(2 ** 31, 2 ** 53, 1e300, 0.5, -1e9, 1 << 20),
);
const oddValue = fc.oneof(
  fc.constantFrom(null, true, "", "hubert", "dino8", [], {}, -1, 0, 1, 3, 1e9, 0.5),
  oddNumber,
);

const headerEdit = fc.oneof(
  fc.record({ kind: fc.constant("drop" as const), at: fc.nat() }),
  fc.record({
    kind: fc.constant("rename" as const),
    at: fc.nat(),
    to: fc.constantFrom(...HOSTILE),
  }),
  fc.record({ kind: fc.constant("letter" as const), at: fc.nat(), letter: fc.nat() }),
  fc.record({ kind: fc.constant("dtype" as const), at: fc.nat(), to: oddDtype() }),
  fc.record({ kind: fc.constant("shape" as const), at: fc.nat(), axis: fc.nat(3), to: oddNumber }),
  fc.record({ kind: fc.constant("reverse" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("offset" as const), at: fc.nat(), end: fc.nat(1), to: oddNumber }),
  fc.record({ kind: fc.constant("swap" as const), at: fc.nat(), other: fc.nat() }),
);

const mutation = fc.oneof(
  fc.record({
    kind: fc.constant("header" as const),
    edits: fc.array(headerEdit, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("bytes" as const),
    at: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
    xor: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({
    kind: fc.constant("front" as const),
    at: fc.nat(4000),
    xor: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant("cut" as const), to: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    kind: fc.constant("config" as const),
    at: fc.nat(),
    to: fc.option(oddValue, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("configText" as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    letter: fc.integer({ min: 32, max: 126 }),
  }),
);

function oddDtype() {
  return fc.constantFrom("F16", "BF16", "I64", "F64", "U8", "f32", "");
}

Deno.test("2,000 damaged checkpoints each give one clear error or a model that runs", async () => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    const out = join(folder, "out");
    await writeSyntheticCheckpoint(source, TINY);
    const weightsFile = join(source, "model.safetensors");
    const configFile = join(source, "config.json");
    const weights = await Deno.readFile(weightsFile);
    const config = JSON.parse(await Deno.readTextFile(configFile));
    const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
    const counts = { imported: 0, refused: 0 };
    try {
      await fc.assert(
        fc.asyncProperty(mutation, async (change) => {
          await Deno.writeFile(weightsFile, damagedWeights(weights, change));
          await Deno.writeTextFile(configFile, damagedConfig(config, change));
          counts[await attempt(runtime, source, out)]++;
          assert.deepEqual(entries(folder), ["out", "source"].slice(exists(out) ? 0 : 1));
          assert.deepEqual(entries(source), ["config.json", "model.safetensors"]);
        }),
        { numRuns: 2000, seed: 20240610, endOnFailure: true },
      );
    } finally {
      await runtime.close();
    }
    // Both ways out must really be taken.
    assert.ok(counts.imported >= 50 && counts.refused >= 500, JSON.stringify(counts));
  });
});

async function attempt(
  runtime: Runtime,
  source: string,
  out: string,
): Promise<"imported" | "refused"> {
  try {
    const { folder } = await importModel(source, runtime, {
      name: "model",
      out,
      precision: "fp32",
      image: { width: 16, height: 16 },
      window: 0.2,
      heads: ["speech", "sound"],
    });
    assert.equal(folder, join(out, "model"));
    assert.deepEqual(entries(out), ["model"]);
    assert.deepEqual(entries(folder), ["audio.onnx", "image.onnx", "model.yaml"]);
    await Deno.remove(folder, { recursive: true });
    return "imported";
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ImportError") throw error;
    assert.match(error.message, /^Cannot (import|read|use)\b/);
    assert.ok(error.message.length < 6000 && error.message.split("\n").length <= 11, error.message);
    assert.deepEqual(exists(out) ? entries(out) : [], []);
    return "refused";
  }
}

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function damagedWeights(weights: Uint8Array, change: Mutation): Uint8Array {
  const bytes = Uint8Array.from(weights);
  switch (change.kind) {
    case "bytes":
      for (const at of change.at) bytes[Math.floor(at * (bytes.length - 1))] ^= change.xor;
      return bytes;
    case "front":
      bytes[change.at] ^= change.xor;
      return bytes;
    case "cut":
      return bytes.subarray(0, Math.floor(change.to * bytes.length));
    case "append": {
      const longer = new Uint8Array(bytes.length + change.count);
      longer.set(bytes);
      return longer;
    }
    case "header":
      return damagedHeader(bytes, change.edits);
    default:
      return bytes;
  }
}

function damagedHeader(
  bytes: Uint8Array<ArrayBuffer>,
  edits: readonly (typeof headerEdit extends fc.Arbitrary<infer T> ? T : never)[],
): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  let entries = Object.entries(
    JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Header,
  ).filter(([name]) => name !== "__metadata__");
  for (const edit of edits) {
    const at = edit.at % entries.length;
    const [name, entry] = entries[at];
    if (edit.kind === "drop") entries = entries.filter((_, i) => i !== at);
    if (edit.kind === "rename") entries[at] = [edit.to, entry];
    if (edit.kind === "letter") {
      const place = edit.letter % name.length;
      entries[at] = [`${name.slice(0, place)}x${name.slice(place + 1)}`, entry];
    }
    if (edit.kind === "dtype") entry.dtype = edit.to;
    if (edit.kind === "shape") entry.shape[edit.axis % entry.shape.length] = edit.to;
    if (edit.kind === "reverse") entry.shape.reverse();
    if (edit.kind === "offset") entry.data_offsets[edit.end] = edit.to;
    if (edit.kind === "swap") {
      const other = entries[edit.other % entries.length][1];
      [entry.data_offsets, other.data_offsets] = [other.data_offsets, entry.data_offsets];
    }
  }
  const json = new TextEncoder().encode(
    `{${
      entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join()
    }}`,
  );
  const result = new Uint8Array(8 + json.length + bytes.length - 8 - length);
  new DataView(result.buffer).setBigUint64(0, BigInt(json.length), true);
  result.set(json, 8);
  result.set(bytes.subarray(8 + length), 8 + json.length);
  return result;
}

function damagedConfig(config: Record<string, unknown>, change: Mutation): string {
  if (change.kind === "config") {
    const keys = Object.keys(config);
    return JSON.stringify({ ...config, [keys[change.at % keys.length]]: change.to });
  }
  const text = JSON.stringify(config);
  if (change.kind !== "configText") return text;
  const at = Math.floor(change.at * (text.length - 1));
  return text.slice(0, at) + String.fromCharCode(change.letter) + text.slice(at + 1);
}

function entries(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
