import type { WhenceEvent } from "../../src/events/event.ts";

/** A valid event for tests; any key can be replaced. */
export function sampleEvent(changes: Partial<WhenceEvent> = {}): WhenceEvent {
  return {
    schema: "whence/event/2",
    id: "1763812801.234-a1b2c3",
    type: "new",
    seq: 0,
    pipeline: "front",
    kind: "sound",
    head: 0,
    header: { stamp: { sec: 1763812801, nanosec: 984000123 }, frame_id: "camera" },
    onset: 1763812801.234,
    offset: null,
    duration: 0.75,
    stream: { onset: 3.21, offset: null },
    score: 0.97,
    current_score: 0.93,
    similarity: 12.3,
    located: true,
    peak: [0.31, 0.52],
    box: [0.1, 0.2, 0.5, 0.6],
    zones: ["sofa"],
    labels: [],
    media: {},
    reason: null,
    model: "denseav-mini@1",
    latency_ms: 310,
    ...changes,
  };
}
