import assert from "node:assert/strict";
import { join } from "node:path";
import { duplicateKey } from "../../../src/importer/checkpoint/json_keys.ts";
import { SafetensorsFile } from "../../../src/importer/checkpoint/safetensors.ts";
import { inFolder } from "../temporary_folder.ts";

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: number[];
}

function encode(header: unknown, data: Uint8Array | number): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

function entry(dtype: string, shape: number[], from: number, to: number): Entry {
  return { dtype, shape, data_offsets: [from, to] };
}

async function withFile(
  bytes: Uint8Array,
  body: (file: SafetensorsFile) => void,
): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    await Deno.writeFile(path, bytes);
    using file = SafetensorsFile.open(path);
    body(file);
  });
}

Deno.test("each element type is read as float32", async () => {
  const data = new Uint8Array(12 + 6 + 6 + 16);
  data.set(new Uint8Array(Float32Array.of(1.5, -2, 3e-5).buffer), 0);
  data.set(new Uint8Array(Float16Array.of(1.5, -2, 65504).buffer), 12);
  data.set(new Uint8Array(Uint16Array.of(0x3fc0, 0xc000, 0x7f7f).buffer), 18);
  data.set(new Uint8Array(BigInt64Array.of(7n, -9n).buffer), 24);
  const header = {
    __metadata__: { format: "pt" },
    f32: entry("F32", [3], 0, 12),
    f16: entry("F16", [3, 1], 12, 18),
    bf16: entry("BF16", [3], 18, 24),
    i64: entry("I64", [2], 24, 40),
  };
  await withFile(encode(header, data), (file) => {
    assert.deepEqual([...file.tensors.keys()], ["f32", "f16", "bf16", "i64"]);
    assert.deepEqual([...file.read("f32")], [1.5, -2, Math.fround(3e-5)]);
    assert.deepEqual([...file.read("f16")], [1.5, -2, 65504]);
    assert.deepEqual([...file.read("bf16")], [1.5, -2, 3.3895313892515355e38]);
    assert.deepEqual([...file.read("i64")], [7, -9]);
    assert.throws(() => file.read("f33"), /tensor f33: the file must hold it/);
  });
});

Deno.test("damaged and hostile files are refused in one line", async (t) => {
  const good = { a: entry("F32", [2], 0, 8), b: entry("F32", [1], 8, 12) };
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /header must fit the file \(0 bytes\)/],
    ["header beyond the file", encode(good, 12).subarray(0, 40), /may be incomplete/],
    ["not JSON", encode("{nonsense", 0), /must be JSON/],
    ["not an object", encode("[1]", 0), /must be a JSON object/],
    ["wrong element type", encode({ a: entry("Q4", [2], 0, 8) }, 8), /tensor a: dtype/],
    ["negative offset", encode({ a: entry("F32", [2], -8, 0) }, 8), /tensor a: data_offsets/],
    ["fractional shape", encode({ a: entry("F32", [0.5], 0, 2) }, 2), /tensor a: shape/],
    ["size against shape", encode({ a: entry("F32", [3], 0, 8) }, 8), /must have 12 bytes, got 8/],
    ["cut short", encode(good, 10), /within the file's 10 bytes of data, got 12/],
    ["overlap", encode({ ...good, b: entry("F32", [1], 4, 8) }, 12), /overlap or leave holes/],
    ["hole", encode({ ...good, b: entry("F32", [1], 12, 16) }, 16), /overlap or leave holes/],
    ["trailing bytes", encode(good, 16), /must fill 16 bytes of data, got 12/],
    [
      "duplicate",
      encode(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
      /each tensor must appear once, got a twice/,
    ],
    ["zip (torch.save)", Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0]), /can run code/],
    ["bare pickle", Uint8Array.from([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46]), /can run code/],
  ];
  for (const [name, bytes, message] of cases) {
    await t.step(name, async () => {
      await assert.rejects(
        withFile(bytes, () => assert.fail("must not open")),
        (error: Error) => {
          assert.equal(error.name, "ImportError");
          assert.match(error.message, message);
          assert.match(error.message, /^Cannot (read|import) [^\n]*$/);
          return true;
        },
      );
    });
  }
});

Deno.test("values that are not finite are refused when they are read", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const data = new Uint8Array(Float32Array.of(1, value).buffer);
    await withFile(encode({ a: entry("F32", [2], 0, 8) }, data), (file) => {
      assert.throws(() => file.read("a"), /tensor a: its values must be finite/);
    });
  }
});

Deno.test("duplicate keys are found at the top level only, with any strings inside", () => {
  assert.equal(duplicateKey('{"a":{"x":1,"x":2},"b":["a","a"],"c":"a:\\"a\\":"}'), undefined);
  assert.equal(duplicateKey('{"a":1, "b" : 2,"a" :3}'), "a");
  assert.equal(duplicateKey('{"\\\\":1,"\\\\":2}'), "\\");
  assert.equal(duplicateKey("{}"), undefined);
});
