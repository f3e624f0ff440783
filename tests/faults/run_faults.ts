import { type Fault, FAULTS } from "./faults.ts";
import { knownNumber } from "./known_events.ts";
import { type ProcessFigures, processFigures } from "./process_figures.ts";
import { type PipelineName, type Received, Setup } from "./setup.ts";

/** How faults are drawn. */
export interface FaultRunOptions {
  readonly seed: number;
  readonly faults: number;
  /** Length of a fault that has one, ms: drawn from half of it to 1.5 times. */
  readonly lastsMs: number;
  /** Pause between two messages, ms. */
  readonly everyMs: number;
  /** Default: all. */
  readonly kinds?: readonly Fault[];
  readonly onFault?: (name: string, recovery: Recovery) => void;
  /** Receives the log of the camera's process. */
  readonly onLine?: (line: string) => void;
}

/** What became of the messages of one pipeline. */
export interface Delivery {
  readonly pipeline: PipelineName;
  readonly events: number;
  readonly published: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  /** Events that were received without an end. */
  readonly unended: number;
  readonly interrupted: number;
  /** What its first process used when its messages had begun to arrive, and its last one at the end. */
  readonly figures: readonly [ProcessFigures, ProcessFigures];
  /** How often its process ended by itself. */
  readonly restarts: number;
}

/** Times from the end of a fault, ms. */
export interface Recovery {
  /** Until frames and samples of the camera arrive; undefined if it was not opened again. */
  readonly sourceMs: number | undefined;
  /** Until the next message or event. */
  readonly eventMs: number;
}

/** What became of all messages. */
export interface FaultReport {
  readonly deliveries: readonly Delivery[];
  /** By fault. */
  readonly recovery: ReadonlyMap<string, readonly Recovery[]>;
}

const PIPELINES: readonly PipelineName[] = ["front", "camera"];

/** Causes faults while known events are published, and compares what arrived. */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const { seed, faults, lastsMs, kinds = FAULTS, onFault } = options;
  const random = randomOf(seed);
  await using setup = await Setup.start(options);
  const possible = kinds.filter((fault) => fault.possible?.(setup) ?? true);
  const recovery = new Map<string, Recovery[]>();
  for (const name of PIPELINES) await setup.nextMessage(name, () => true);
  const young = await figuresOf(setup);
  for (let i = 0; i < faults; i++) {
    // Each kind in turn once, then as drawn.
    const fault = possible[i < possible.length ? i : Math.floor(random() * possible.length)];
    // The fault before may have restarted it.
    if (fault.watched === "camera") await setup.nextMessage("camera", ({ type }) => type === "new");
    const endMs = await fault.cause(setup, lastsMs * (0.5 + random())) ?? performance.now();
    const eventMs = await recovered(setup, fault) - endMs;
    const backMs = fault.watched === "camera" ? setup.sourceBackMs(endMs) : undefined;
    const times = { sourceMs: backMs && backMs - endMs, eventMs };
    recovery.set(fault.name, [...recovery.get(fault.name) ?? [], times]);
    onFault?.(fault.name, times);
    if (fault.fillsMemory) {
      await setup.delivered().catch((error) =>
        options.onLine?.(`after ${fault.name}: ${error.message}`)
      );
      await setup.stored();
    }
    await new Promise((resolve) => setTimeout(resolve, 500 * random()));
  }
  await setup.settle();
  const old = await figuresOf(setup);
  for (const name of PIPELINES) await setup[name].end("SIGTERM");
  await setup.settle();
  const deliveries = PIPELINES.map((pipeline, i) => {
    const received = setup.received.filter((message) => message.pipeline === pipeline);
    return {
      pipeline,
      ...compare(setup[pipeline].ledger(), received, POSITIONS[pipeline]),
      figures: [young[i], old[i]] as const,
      restarts: setup[pipeline].restarts,
    };
  });
  return { deliveries, recovery };
}

const figuresOf = (setup: Setup) =>
  Promise.all(PIPELINES.map((name) => processFigures(setup[name].pid)));

/** Waits until the pipeline's messages arrive again; gives when one did, ms. */
async function recovered(setup: Setup, { name, watched = "front" }: Fault): Promise<number> {
  // An event that was published before says nothing about the camera.
  const known = new Set(setup.camera.ledger().map((line) => line.split(" ")[0]));
  const isWanted = ({ type, id }: Received) =>
    watched === "front" || type === "new" && !known.has(id);
  try {
    return await setup.nextMessage(watched, isWanted);
  } catch {
    throw new Error(`no message of ${watched} arrives after: ${name}`);
  }
}

/** Tells where a message belongs in the order of its pipeline. */
type PositionOf = (ledger: readonly string[]) => (message: Received) => number | undefined;

const POSITIONS: Readonly<Record<PipelineName, PositionOf>> = {
  // Events one after the other, up to 3 messages each.
  front: () => ({ id, seq }) => 10 * knownNumber(id) + seq,
  // As they were published; those that were not noted are not compared.
  camera: (ledger) => {
    const places = new Map(ledger.map((line, i) => [line.split(" ").slice(0, 2).join(" "), i]));
    return (message) => places.get(keyOf(message));
  },
};

const keyOf = ({ id, seq }: Received) => `${id} ${seq}`;

function compare(
  ledger: readonly string[],
  received: readonly Received[],
  positionOf: PositionOf,
) {
  const position = positionOf(ledger);
  const seen = new Set<string>();
  const ended = new Set<string>();
  let duplicated = 0;
  let outOfOrder = 0;
  let last = -1;
  for (const message of received) {
    if (seen.has(keyOf(message))) {
      duplicated++;
      continue;
    }
    seen.add(keyOf(message));
    if (message.type === "end") ended.add(message.id);
    const at = position(message) ?? last;
    if (at < last) outOfOrder++;
    else last = at;
  }
  const promised = new Set(ledger.map((line) => line.split(" ").slice(0, 2).join(" ")));
  const ids = new Set(received.map(({ id }) => id));
  return {
    events: ids.size,
    published: promised.size,
    received: seen.size,
    lost: promised.difference(seen).size,
    duplicated,
    outOfOrder,
    unended: ids.difference(ended).size,
    interrupted: received.filter(({ reason }) => reason === "interrupted").length,
  };
}

/** Uniform numbers in 0..1 from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let z = state;
    z = Math.imul(z ^ z >>> 15, z | 1);
    z ^= z + Math.imul(z ^ z >>> 7, z | 61);
    return ((z ^ z >>> 14) >>> 0) / 2 ** 32;
  };
}
