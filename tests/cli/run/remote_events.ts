import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WhenceEvent } from "../../../src/events/event.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { whence } from "../whence.ts";

const CLIP = fileURLToPath(new URL("../../../models/denseav-mini/demo.mkv", import.meta.url));

/** A pipeline file that runs the demo clip with the encoders that `runtime.library` computes. */
export function remotePipeline(library: string): string {
  return `source: { uri: ${CLIP}, pace: fast }
model: denseav-mini
runtime: { library: "${library}", threads: 1 }
publish: { jsonl: events.jsonl }
`;
}

/** The events of the demo clip, by a process of its own. */
export async function eventsOf(library: string, ...args: string[]): Promise<WhenceEvent[]> {
  let events: WhenceEvent[] = [];
  await withFiles({ "front.yaml": remotePipeline(library) }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml"), ...args]);
    assert.equal(code, 0, stderr);
    const text = await Deno.readTextFile(join(folder, "events.jsonl"));
    events = text.trim().split("\n").map((line) => decodeLine(line).event);
  });
  assert.ok(events.length > 10);
  return events;
}

/** Equal up to rounding, and without what differs between any two runs. */
export function sameEvents(remote: readonly WhenceEvent[], local: readonly WhenceEvent[]): void {
  const facts = (events: readonly WhenceEvent[]) =>
    events.map(({ type, kind, head, seq, stream }) => ({ type, kind, head, seq, stream }));
  assert.deepEqual(facts(remote), facts(local));
  remote.forEach((event, i) => {
    const { score, peak } = local[i];
    assert.ok(Math.abs(event.score - score) < 0.001, `${event.score}, ${score}`);
    event.peak?.forEach((part, axis) => assert.ok(Math.abs(part - peak![axis]) < 0.01));
  });
}
