import { join } from "node:path";
import { type ClipTruth, clipTruthSchema } from "../src/evaluation/metrics/clip_truth.ts";
import { loadManifest } from "../src/model/manifest.ts";
import { Mosquitto } from "../tests/support/mosquitto.ts";
import { MODEL } from "./demo_clip.ts";
import { caseText, peerCases, type PeerSelection } from "./peer/cases.ts";
import { makeClips, type PeerClips } from "./peer/clips.ts";
import { KeptRuns, type Run } from "./peer/kept_runs.ts";
import { EventListener } from "./peer/listener.ts";
import { type Job, makeEnvironment, measure, peer, type Program, whence } from "./peer/programs.ts";
import { figuresOf, type Measured, tablesText } from "./peer/tables.ts";
import type { BenchOptions, BenchReport } from "./report.ts";

/** What is measured, and where it is kept. */
export interface PeerOptions extends BenchOptions, PeerSelection {
  /** File of measured runs: those of an earlier benchmark in it are not repeated. */
  readonly keep?: string;
}

/**
 * Whence against a Python pipeline (`peer/pipeline.py`) with the same model, thresholds, clip and broker: the two alternate,
 * each in one process for all cameras.
 */
export async function bench(options: PeerOptions): Promise<BenchReport> {
  const cases = peerCases(options, options.quick);
  const kept = await KeptRuns.open(options.keep);
  const folder = await Deno.makeTempDir({ prefix: "whence-bench-" });
  try {
    const truth = clipTruthSchema.parse(JSON.parse(
      await Deno.readTextFile(join(MODEL, "demo.truth.json")),
    ));
    const clips = new Map<number, PeerClips>();
    for (const seconds of new Set(cases.map(({ seconds }) => seconds))) {
      clips.set(seconds, await makeClips(join(folder, `${seconds}s`), seconds));
    }
    await using broker = await Mosquitto.start();
    await using listener = await EventListener.start(broker.url);
    const { manifest } = await loadManifest(MODEL);
    const complete = cases.every((one) => kept.of(one).length >= one.runs);
    const python = complete ? undefined : peer(await makeEnvironment(folder));
    const beganMs = performance.now();
    const measured: Measured[] = [];
    for (const [i, measuredCase] of cases.entries()) {
      const { clip, seconds, cameras, pace, runs } = measuredCase;
      const job: Job = {
        clip: clips.get(seconds)![clip],
        pace,
        cameras: Array.from({ length: cameras }, (_, i) => `camera-${i}`),
        model: MODEL,
        manifest,
        port: broker.port,
        folder,
      };
      while (kept.of(measuredCase).length < runs) {
        await kept.add(measuredCase, {
          load: Deno.loadavg()[0],
          python: await runOnce(python!, job, listener, truth),
          whence: await runOnce(whence, job, listener, truth),
        });
      }
      const pairs = kept.of(measuredCase);
      measured.push({ measuredCase, pairs });
      const [cpu] = figuresOf({ measuredCase, pairs });
      const minutes = (performance.now() - beganMs) / 60_000;
      console.error(
        `${i + 1} of ${cases.length}, ${minutes.toFixed(1)} min: ${caseText(measuredCase)}: ` +
          `CPU ${cpu.value.toFixed(2)} s, Python ${cpu.baseline!.value.toFixed(2)} s`,
      );
    }
    const loads = measured.flatMap(({ pairs }) => pairs.map(({ load }) => load));
    const basis = "alternating runs; medians of 3 with 1 camera unless --quick, else one each; " +
      `load of this machine ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
    return {
      name: "peer",
      basis,
      figures: measured.flatMap(figuresOf),
      text: tablesText(measured),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runOnce(
  program: Program,
  job: Job,
  listener: EventListener,
  truth: ClipTruth,
): Promise<Run> {
  const { started, cpu, rssMb, pssMb, privateMb } = await measure(await program(job));
  const { clipStart, ...heard } = listener.take(job.cameras, truth);
  const startUp = clipStart === undefined ? undefined : clipStart - started;
  return { ...heard, cpu, rssMb, pssMb, privateMb, startUp };
}
