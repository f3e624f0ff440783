import { join } from "node:path";
import { type ClipTruth, clipTruthSchema } from "../src/evaluation/metrics/clip_truth.ts";
import { loadManifest } from "../src/model/manifest.ts";
import { Mosquitto } from "../tests/support/mosquitto.ts";
import { MODEL } from "./demo_clip.ts";
import { makeClips, type PeerClip } from "./peer/clips.ts";
import { EventListener, type Heard } from "./peer/listener.ts";
import { type Job, makeEnvironment, measure, peer, type Program, whence } from "./peer/programs.ts";
import { type BenchOptions, type BenchReport, type Figure, median } from "./report.ts";

const LOOKAHEAD_MS = 200;
const WHOLE: Plan = { seconds: 20, cameras: [1, 4, 16], runs: { 1: 3 } };
const QUICK: Plan = { seconds: 10, cameras: [1, 4], runs: {} };

/** What is measured. */
interface Plan {
  /** Length of the clips. */
  readonly seconds: number;
  /** Numbers of cameras in one process. */
  readonly cameras: readonly number[];
  /** Runs of each program by the number of cameras; 1 where none is given. */
  readonly runs: Readonly<Record<number, number>>;
}

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
export async function bench({ quick }: BenchOptions): Promise<BenchReport> {
  const { seconds, cameras: numbers, runs: runsOf } = quick ? QUICK : WHOLE;
  const folder = await Deno.makeTempDir({ prefix: "whence-bench-" });
  try {
    const clips = await makeClips(folder, seconds);
    const cases = numbers.flatMap((cameras) =>
      clips.flatMap((clip) => (["live", "fast"] as const).map((pace) => ({ clip, cameras, pace })))
    );
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
      for (let run = 0; run < (runsOf[cameras] ?? 1); run++) {
        runs.python.push(await runOnce(python, job, listener, truth));
        runs.whence.push(await runOnce(whence, job, listener, truth));
      }
      const what = `${clip.name}, ${cameras} × ${pace}`;
      // Without a true event there is no latency.
      const added = figuresOf(what, pace, runs.whence, runs.python).filter(({ value, baseline }) =>
        Number.isFinite(value) && Number.isFinite(baseline?.value)
      );
      figures.push(...added);
      for (const { what, value, baseline } of added) {
        console.error(`${what}: ${value.toFixed(2)} (Python ${baseline?.value.toFixed(2)})`);
      }
    }
    const repeated = Object.entries(runsOf).map(([cameras, runs]) =>
      `, medians of ${runs} with ${cameras} camera`
    );
    const basis = `first ${seconds} s of each clip; alternating runs, one each${repeated}; ` +
      `load of this machine ${Deno.loadavg()[0].toFixed(1)} at the end`;
    return { name: "peer", basis, figures };
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
