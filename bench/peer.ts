import { join } from "node:path";
import { type ClipTruth, clipTruthSchema } from "../src/evaluation/metrics/clip_truth.ts";
import { loadManifest } from "../src/model/manifest.ts";
import { Mosquitto } from "../tests/support/mosquitto.ts";
import { MODEL } from "./demo_clip.ts";
import { makeClips, type PeerClip } from "./peer/clips.ts";
import { EventListener, type Heard } from "./peer/listener.ts";
import { type Job, makeEnvironment, measure, peer, type Program, whence } from "./peer/programs.ts";
import { type BenchReport, type Figure, median } from "./report.ts";

const RUNS = 3;
const LOOKAHEAD_MS = 200;

interface Case {
  readonly clip: PeerClip;
  readonly cameras: number;
  readonly pace: "live" | "fast";
}

interface Run extends Heard {
  readonly cpu: number;
  readonly rssMb: number;
  /** From the start of the process to the start of the clip, s. */
  readonly startUp: number | undefined;
}

/**
 * Whence against a Python pipeline (`peer/pipeline.py`) with the same model, thresholds, clip and broker: the two alternate,
 * each in one process for all cameras.
 */
export async function bench(): Promise<BenchReport> {
  const folder = await Deno.makeTempDir({ prefix: "whence-bench-" });
  try {
    const { short, long } = await makeClips(folder);
    const [demo, quiet, noisy] = short;
    const [longDemo, longQuiet, longNoisy] = long;
    const cases: Case[] = [
      { clip: demo, cameras: 1, pace: "live" },
      { clip: demo, cameras: 4, pace: "live" },
      { clip: longDemo, cameras: 1, pace: "fast" },
      { clip: longQuiet, cameras: 1, pace: "fast" },
      { clip: longNoisy, cameras: 1, pace: "fast" },
      { clip: quiet, cameras: 1, pace: "live" },
      { clip: noisy, cameras: 1, pace: "live" },
      { clip: demo, cameras: 16, pace: "fast" },
      { clip: demo, cameras: 16, pace: "live" },
    ];
    const truth = clipTruthSchema.parse(JSON.parse(
      await Deno.readTextFile(join(MODEL, "demo.truth.json")),
    ));
    await using broker = await Mosquitto.start();
    await using listener = await EventListener.start(broker.url);
    const { manifest } = await loadManifest(MODEL);
    const python = peer(await makeEnvironment(folder));
    const figures: Figure[] = [];
    for (const { clip, cameras, pace } of cases) {
      const job: Job = {
        clip: clip.path,
        pace,
        cameras: Array.from({ length: cameras }, (_, i) => `camera-${i}`),
        model: MODEL,
        manifest,
        port: broker.port,
        folder,
      };
      const runs = { python: [] as Run[], whence: [] as Run[] };
      for (let run = 0; run < RUNS; run++) {
        runs.python.push(await runOnce(python, job, listener, truth));
        runs.whence.push(await runOnce(whence, job, listener, truth));
      }
      const what = `${clip.name}, ${cameras} × ${pace}`;
      const added = figuresOf(what, pace, runs.whence, runs.python);
      figures.push(...added);
      for (const { what, value, baseline } of added) {
        console.error(`${what}: ${value.toFixed(2)} (Python ${baseline?.value.toFixed(2)})`);
      }
    }
    return { name: "peer", basis: `medians of ${RUNS} runs, alternating`, figures };
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
  const { started, cpu, rssMb } = await measure(await program(job));
  const heard = listener.take(job.cameras, truth);
  const startUp = heard.clipStart === undefined ? undefined : heard.clipStart - started;
  return { ...heard, cpu, rssMb, startUp };
}

function figuresOf(
  name: string,
  pace: Case["pace"],
  whence: readonly Run[],
  python: readonly Run[],
): Figure[] {
  const figure = (what: string, unit: string, of: (runs: readonly Run[]) => number): Figure => ({
    what: `${name}: ${what}`,
    value: of(whence),
    unit,
    baseline: { what: "Python", value: of(python) },
  });
  const middle = (value: (run: Run) => number | undefined) => (runs: readonly Run[]) =>
    median(runs.map(value).filter((v) => v !== undefined));
  const latency = (share: number) => (runs: readonly Run[]) => {
    const sorted = runs.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
    return (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN) - LOOKAHEAD_MS;
  };
  return [
    figure("CPU time", "s", middle(({ cpu }) => cpu)),
    figure("resident memory", "MB", middle(({ rssMb }) => rssMb)),
    figure("true events found in place", "", middle(({ inPlace }) => inPlace)),
    figure(
      "other events",
      "",
      middle(({ spurious, found, inPlace }) => spurious + found - inPlace),
    ),
    ...(pace === "live"
      ? [
        figure("process start to clip start", "s", middle(({ startUp }) => startUp)),
        figure("onset to subscriber, less lookahead: p50", "ms", latency(0.5)),
        figure("onset to subscriber, less lookahead: p95", "ms", latency(0.95)),
      ]
      : []),
  ];
}
