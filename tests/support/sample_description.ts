import { fitGeometry } from "../../src/core/fit_geometry.ts";
import type { Description } from "../../src/telemetry/topics.ts";

/** What a small pipeline tells of itself; any key can be replaced. */
export function sampleDescription(changes: Partial<Description> = {}): Description {
  return {
    pipeline: "front",
    model: "m@1",
    heads: [{ kind: "sound", calibrated: true }, { kind: "speech", calibrated: true }],
    grid: { width: 4, height: 4 },
    input: { width: 64, height: 64 },
    fit: fitGeometry({ width: 64, height: 48, parN: 1, parD: 1 }, "letterbox", 64, 64),
    frameRate: 10,
    sampleRate: 16000,
    stepSeconds: 0.08,
    hopSeconds: 0.2,
    frameId: "camera",
    pictures: false,
    ...changes,
  };
}
