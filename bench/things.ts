import type { Encoders } from "../src/model/encoders.ts";
import type { Thing } from "../src/model/things/thing_bank.ts";
import { withThings } from "../src/model/things/with_things.ts";
import type { BenchReport } from "./report.ts";

const RUNS = 20;
const COUNTS = [1, 10, 100];
const [CHANNELS, SIDE] = [128, 28];

/** What a bank of shown things costs per frame, at the included model's size; all of one kind, the costliest case. */
export async function bench(): Promise<BenchReport> {
  const random = (length: number) => Float32Array.from({ length }, () => Math.random() - 0.5);
  const image = {
    features: random(CHANNELS * SIDE * SIDE),
    dims: [1, CHANNELS, SIDE, SIDE] as const,
  };
  const encoders = {
    manifest: { heads: [{ kind: "sound" }, { kind: "speech" }] },
    encodeImages: () => Promise.resolve(image),
  } as unknown as Encoders;
  const figures = [];
  for (const count of COUNTS) {
    const things = Array.from({ length: count }, (_, i): Thing => ({
      name: `${i}`,
      model: "made@1",
      kind: "speech",
      picture: random(CHANNELS),
      code: random(CHANNELS / 2),
      length: 1,
    }));
    const taught = withThings(encoders, things);
    const times = [];
    for (let run = 0; run < RUNS; run++) {
      const startMs = performance.now();
      await taught.encodeImages(new Uint8Array(), 1);
      times.push(performance.now() - startMs);
    }
    const value = times.toSorted((a, b) => a - b)[RUNS >> 1];
    figures.push({ what: `${count} shown things: per frame`, value, unit: "ms" });
  }
  return { name: "things", basis: `median of ${RUNS}, ${SIDE} x ${SIDE} x ${CHANNELS}`, figures };
}
