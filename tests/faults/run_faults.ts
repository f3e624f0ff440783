import { type Fault, FAULTS } from "./faults.ts";
import { knownNumber } from "./known_events.ts";
import { type ProcessFigures, processFigures } from "./process_figures.ts";
import { type Received, Setup } from "./setup.ts";

/** How faults are drawn. */
export interface FaultRunOptions {
  readonly seed: number;
  readonly faults: number;
  /** Length of a fault that has one, ms: drawn from half of it to 1.5 times. */
  readonly lastsMs: number;
  /** Pause between two messages, ms. */
  readonly everyMs: number;
  readonly onFault?: (name: string, recoveryMs: number) => void;
}

/** What became of the known messages. */
export interface FaultReport {
  readonly events: number;
  readonly published: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  /** Events that were received without an end. */
  readonly unended: number;
  readonly interrupted: number;
  /** Recovery times in ms, by fault. */
  readonly recovery: ReadonlyMap<string, readonly number[]>;
  /** What the last process used when it was young, and at the end. */
  readonly figures: readonly [ProcessFigures, ProcessFigures];
}

/** Causes faults while known events are published, and compares what arrived. */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const { seed, faults, lastsMs, everyMs, onFault } = options;
  const random = randomOf(seed);
  await using setup = await Setup.start(everyMs);
  const possible = FAULTS.filter((fault) => fault.possible?.(setup) ?? true);
  const recovery = new Map<string, number[]>();
  await setup.nextMessage();
  for (let i = 0; i < faults; i++) {
    // Each kind in turn once, then as drawn.
    const fault = possible[i < possible.length ? i : Math.floor(random() * possible.length)];
    await fault.cause(setup, lastsMs * (0.5 + random()));
    const recoveryMs = await recovered(setup, fault);
    recovery.set(fault.name, [...recovery.get(fault.name) ?? [], recoveryMs]);
    onFault?.(fault.name, recoveryMs);
    if (fault.fillsMemory) await setup.delivered();
    await new Promise((resolve) => setTimeout(resolve, 500 * random()));
  }
  const young = await processFigures(setup.process.pid);
  await setup.settle();
  const old = await processFigures(setup.process.pid);
  await setup.end("SIGTERM");
  await setup.settle();
  return { ...compare(setup.ledger(), setup.received), recovery, figures: [young, old] };
}

/** Waits until messages arrive again; gives the time, ms. */
async function recovered(setup: Setup, { name }: Fault): Promise<number> {
  try {
    return await setup.nextMessage();
  } catch {
    throw new Error(`no message arrives after: ${name}`);
  }
}

function compare(ledger: readonly string[], received: readonly Received[]) {
  const keyOf = ({ id, seq }: Received) => `${id} ${seq}`;
  const seen = new Set<string>();
  const ended = new Set<string>();
  let duplicated = 0;
  let outOfOrder = 0;
  let last = [-1, -1];
  for (const message of received) {
    if (seen.has(keyOf(message))) {
      duplicated++;
      continue;
    }
    seen.add(keyOf(message));
    if (message.type === "end") ended.add(message.id);
    const at = [knownNumber(message.id), message.seq];
    if (at[0] < last[0] || at[0] === last[0] && at[1] < last[1]) outOfOrder++;
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
