import { fileURLToPath } from "node:url";
import { loadLabeler } from "../src/labels/load_labeler.ts";
import { findModel } from "../src/model/find_model.ts";
import { Span } from "../src/detection/span.ts";
import { type BenchReport, median } from "./report.ts";

const MODELS = fileURLToPath(new URL("../models", import.meta.url));
const CONFIG = { model_names: true, min_score: 0.5 };
const RUNS = 300;
const STEPS = 1_000;

/** What labels cost: at start, per event message, and per time step of an event. */
export async function bench(): Promise<BenchReport> {
  const model = await findModel("denseav-mini", MODELS);
  const startMs = performance.now();
  const labeler = (await loadLabeler(model, CONFIG, "."))!;
  const loadMs = performance.now() - startMs;
  const width = model.manifest.channels / model.manifest.heads.length;
  const codes = Array.from(
    { length: RUNS },
    () => Float32Array.from({ length: width }, () => Math.random() - 0.5),
  );
  const times = codes.map((code) => {
    const beganMs = performance.now();
    labeler.label("speech", code);
    return (performance.now() - beganMs) * 1000;
  });
  return {
    name: "labels",
    basis: `median of ${RUNS} messages; mean of ${STEPS} steps`,
    figures: [
      { what: "labels of one event message", value: median(times.slice(RUNS / 3)), unit: "µs" },
      {
        what: "one time step of an event, more than without",
        value: stepCost(codes[0]),
        unit: "µs",
      },
      { what: "reading the names at start", value: loadMs, unit: "ms" },
    ],
  };
}

/** What summing a step's audio features adds to the time of a step, µs. */
function stepCost(code: Float32Array): number {
  const step = { startNs: 0, endNs: 8e7, score: 1, similarity: 1, map: new Float32Array(1) };
  const time = (labeled: { code?: Float32Array }) => {
    const span = new Span(step);
    const beganMs = performance.now();
    for (let i = 0; i < STEPS; i++) {
      span.add({ ...step, startNs: i * 8e7, endNs: (i + 1) * 8e7, ...labeled });
    }
    return (performance.now() - beganMs) * 1000 / STEPS;
  };
  for (let i = 0; i < 20; i++) time({ code });
  const repeated = Array.from({ length: 20 }, () => time({ code }) - time({}));
  return median(repeated);
}
