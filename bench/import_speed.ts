import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeSchema } from "../src/model/runtime_schema.ts";
import { importModel } from "../src/importer/import_model.ts";
import { type Encoders, loadModel } from "../src/model/encoders.ts";
import { stepSamples, windowSamples } from "../src/model/window_samples.ts";
import { WindowColumns } from "../src/grounding/window_columns.ts";
import { loadManifest } from "../src/model/manifest.ts";
import { openRuntime } from "../src/model/runtime/runtime.ts";
import type { Runtime } from "../src/model/runtime/session.ts";
import { loadEngine } from "../src/pipeline/engine.ts";
import { SourceStream } from "../src/pipeline/stream.ts";
import { FULL_SIZE, writeSyntheticCheckpoint } from "../tests/importer/synthetic_checkpoint.ts";
import { clipPipeline, recordClip } from "./demo_clip.ts";
import { type BenchReport, type Figure, median } from "./report.ts";

const RUNS = 5;
const THREADS = 1;
const SIZE = 224;
const WINDOW = 2;
const CLIP_SECONDS = 4;
const TORCH = fileURLToPath(new URL("import_speed_torch.py", import.meta.url));

interface Times {
  /** ms a frame */
  readonly image: number;
  /** ms a window */
  readonly audio: number;
}

/** What the encoders of an imported model take. */
interface EncoderTimes extends Times {
  /** ms a window of which all but the newest step was in the window before */
  readonly kept: number;
}

/**
 * The published model's architecture, random weights: import time, one frame, one second of sound and
 * one hop of the pipeline, beside PyTorch where `python3`, or the one of WHENCE_TORCH_PYTHON, has it. All but the import is CPU time.
 */
export async function bench(): Promise<BenchReport> {
  const folder = await Deno.makeTempDir({ prefix: "whence-bench-" });
  try {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, FULL_SIZE);
    const figures: Figure[] = [];
    const fp32 = await measure(folder, source, "fp32", figures);
    const int8 = await measure(folder, source, "int8", figures);
    const torch = await torchTimes(fp32.samples);
    const torchHop = torch && torch.image + torch.audio;
    const seconds = fp32.samples / 16000;
    for (const [name, times] of [["fp32", fp32], ["int8", int8]] as const) {
      figures.push(
        against(`one frame, ${name}`, times.image, torch?.image, torch?.version),
        against(
          `one second of sound, ${name}`,
          times.audio / seconds,
          torch && torch.audio / seconds,
          torch?.version,
        ),
        against(
          `one ${WINDOW} s window, its columns kept, ${name}`,
          times.kept,
          torch?.audio,
          torch?.version,
        ),
        against(
          `one hop: a frame and a window, ${name}`,
          times.image + times.kept,
          torchHop,
          torch?.version,
        ),
        against(
          `one hop, the picture unchanged, ${name}`,
          times.kept,
          torchHop,
          torch?.version,
        ),
        {
          what: `a hop of the pipeline, ${name}`,
          value: times.hop,
          unit: "ms",
          baseline: { what: "its encoder runs alone", value: times.bareHop },
        },
      );
    }
    return {
      name: `import-speed, ${THREADS} thread, ${WINDOW} s window`,
      basis: `median of ${RUNS}`,
      figures,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measure(
  out: string,
  source: string,
  precision: "fp32" | "int8",
  figures: Figure[],
): Promise<EncoderTimes & { samples: number; hop: number; bareHop: number }> {
  const runtime = await openRuntime(
    runtimeSchema.parse({ providers: ["cpu"], threads: THREADS }),
    ".",
  );
  const started = performance.now();
  const { folder } = await importModel(source, runtime, {
    name: precision,
    out,
    precision,
    image: { width: SIZE, height: SIZE },
    window: WINDOW,
  });
  figures.push({
    what: `import, ${precision}, checked`,
    value: (performance.now() - started) / 1000,
    unit: "s",
  });
  const { samples, ...times } = await encoderTimes(runtime, folder);
  await runtime.close();
  const pipeline = await pipelineTimes(folder, times);
  await Deno.remove(folder, { recursive: true });
  return { ...times, ...pipeline, samples };
}

async function encoderTimes(
  runtime: Runtime,
  folder: string,
): Promise<EncoderTimes & { samples: number }> {
  const model = await loadManifest(folder);
  const samples = windowSamples(model.manifest.audio, WINDOW);
  const encoders: Encoders = await loadModel(model, runtime, { windowSamples: samples });
  const frame = new Uint8Array(SIZE * SIZE * 3).map((_, i) => i * 7);
  const step = stepSamples(model.manifest.audio);
  const sound = new Float32Array(samples + (RUNS + 1) * step).map((_, i) => 0.1 * Math.sin(i / 7));
  const window = (start: number) => sound.subarray(start, start + samples);
  const image = await milliseconds(() => encoders.encodeImages(frame, 1));
  const audio = await milliseconds(() => encoders.encodeAudio(window(0)));
  const columns = new WindowColumns(encoders);
  let start = 0;
  await columns.encode(window(start), start);
  const kept = await milliseconds(() => columns.encode(window(start += step), start));
  await encoders.release();
  return { image, audio, kept, samples };
}

async function milliseconds(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const time = await cpuMs(call);
    // The first run warms up.
    if (run > 0) times.push(time);
  }
  return median(times);
}

/** CPU time: on one thread what a quiet machine would take, whatever else runs on this one. */
async function cpuMs(call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** CPU time a hop, and what the same numbers of encoder runs take alone. */
async function pipelineTimes(
  model: string,
  times: EncoderTimes,
): Promise<{ hop: number; bareHop: number }> {
  const config = { ...clipPipeline("fast", { jsonl: "unused.jsonl" }), model };
  await using engine = await loadEngine(config, ".", () => {});
  const clip = await recordClip(SIZE, SIZE, CLIP_SECONDS);
  const stream = new SourceStream(clip.play(), engine, config, {
    detected: () => {},
    active: () => {},
    clockSet: () => {},
    room: () => Promise.resolve(),
  });
  const total = await cpuMs(() => stream.run(new AbortController().signal));
  const { hops, encodedFrames } = stream.stats();
  return {
    hop: total / hops,
    bareHop: times.kept + times.image * encodedFrames / hops,
  };
}

/** PyTorch on the same architecture, or undefined where there is none. */
async function torchTimes(samples: number): Promise<Times & { version: string } | undefined> {
  const chosen = Deno.env.get("WHENCE_TORCH_PYTHON");
  for (const python of chosen ? [chosen] : ["python3", "/usr/bin/python3"]) {
    try {
      const { success, stdout } = await new Deno.Command(python, {
        args: [TORCH, String(THREADS), String(RUNS), String(samples)],
        stdin: "null",
        stderr: "null",
      }).output();
      if (success) return JSON.parse(new TextDecoder().decode(stdout));
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

function against(
  what: string,
  value: number,
  torch: number | undefined,
  version: string | undefined,
): Figure {
  const baseline = torch === undefined ? undefined : { what: `PyTorch ${version}`, value: torch };
  return { what, value, unit: "ms", ...(baseline && { baseline }) };
}
