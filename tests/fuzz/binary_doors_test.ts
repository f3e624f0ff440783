/** Damaged models and media: read, or refused with the error that users see; never a crash, never a hang. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { CaptureError } from "../../src/capture/capture_error.ts";
import { openCapture } from "../../src/capture/capture.ts";
import { SafetensorsFile } from "../../src/importer/checkpoint/safetensors.ts";
import { ImportError } from "../../src/importer/import_error.ts";
import { ModelError } from "../../src/model/manifest.ts";
import { readModelSummary } from "../../src/onnx/read_model.ts";
import { Clips, H264_PCM, picture, planOf, tone } from "../capture/media.ts";
import { writeModelFolder } from "../model/model_folder.ts";
import { openCpu } from "../model/open_cpu.ts";
import { cases, mutated } from "./mutation.ts";

/** A safetensors file with two tensors. */
function safetensors(): Uint8Array {
  const header = new TextEncoder().encode(JSON.stringify({
    "a.weight": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    "b.bias": { dtype: "F16", shape: [4], data_offsets: [24, 32] },
  }));
  const file = new Uint8Array(8 + header.length + 32);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}

Deno.test("fuzz: damaged weights are read, or refused in one line", async () => {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    fc.assert(
      fc.property(mutated(safetensors()), (bytes) => {
        Deno.writeFileSync(path, bytes);
        try {
          using file = SafetensorsFile.open(path);
          for (const { range: [from, to] } of file.tensors.values()) {
            assert.ok(0 <= from && from <= to && to <= bytes.length);
          }
        } catch (error) {
          assert.ok(error instanceof ImportError, String(error));
          assert.ok(!error.message.includes("\n"), error.message);
        }
      }),
      cases(500),
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("fuzz: a damaged ONNX file is read and loaded, or refused in one line", async () => {
  const { path: folder } = await writeModelFolder();
  const runtime = await openCpu();
  try {
    const path = join(folder, "image.onnx");
    await fc.assert(
      fc.asyncProperty(mutated(await Deno.readFile(path)), async (bytes) => {
        const damaged = join(folder, "damaged.onnx");
        await Deno.writeFile(damaged, bytes);
        try {
          readModelSummary(damaged);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
          assert.match(error.message, /^Cannot read .*$/);
        }
        try {
          await (await runtime.createSession(damaged)).release();
        } catch (error) {
          assert.ok(error instanceof ModelError, String(error));
          assert.ok(!error.message.includes("\n"), error.message);
        }
      }),
      cases(100),
    );
  } finally {
    await runtime.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fuzz: a damaged recording is read to its end, or refused in one line", async () => {
  using clips = new Clips();
  const clip = await clips.make(...picture(10, 0.5), ...tone(0.5), ...H264_PCM, "clip.mkv");
  const damaged = clips.path("damaged.mkv");
  const source = { uri: damaged, pace: "fast", tolerate_damage: true };
  const content = await Deno.readFile(clip);
  await fc.assert(
    fc.asyncProperty(mutated(content), async (bytes) => {
      await Deno.writeFile(damaged, bytes);
      try {
        // A file that never delivers is refused after this time.
        await using capture = await openCapture(planOf(source), { openTimeoutMs: 2_000 });
        const read = async (stream: AsyncIterable<unknown>) => {
          for await (const _ of stream);
        };
        await Promise.all([read(capture.frames()), read(capture.audio())]);
      } catch (error) {
        assert.ok(error instanceof CaptureError, String(error));
        assert.ok(!error.message.includes("\n"), error.message);
      }
    }),
    cases(20),
  );
});
