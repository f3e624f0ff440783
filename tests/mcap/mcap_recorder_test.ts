import assert from "node:assert/strict";
import { join } from "node:path";
import { McapRecorder } from "../../src/mcap/mcap_recorder.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { Step } from "../../src/telemetry/topics.ts";
import { eventually } from "../support/eventually.ts";
import { sampleDescription } from "../support/sample_description.ts";
import { sampleEvent } from "../support/sample_event.ts";
import { MCAP_PYTHON, readMcap } from "./read_mcap.ts";

const DESCRIPTION = sampleDescription();

function stepAt(seconds: number): Step {
  const head = { score: 0.5, ungated: 0.5, similarity: 1, on: 0.6, off: 0.4, active: false };
  return {
    ptsNs: seconds * 1e9,
    epochNs: 1_795_000_000_000_000_000n + BigInt(Math.round(seconds * 1e9)),
    framePtsNs: 0,
    level: -Infinity,
    gate: -55,
    heads: [
      { ...head, kind: "sound", peak: [0.5, 0.5] },
      { ...head, kind: "speech", peak: [0.5, 0.5] },
    ],
  };
}

async function withRecorder(
  folder: string,
  use: (recorder: McapRecorder, telemetry: Telemetry, complaints: unknown[]) => Promise<void>,
) {
  const complaints: unknown[] = [];
  const recorder = new McapRecorder({
    folder,
    pipeline: "front",
    profile: "foxglove",
    compression: "zstd",
    splitSeconds: 0.05,
    complain: (error) => complaints.push(error),
  });
  const telemetry = new Telemetry(() => {});
  telemetry.tell("description", DESCRIPTION);
  await use(recorder, telemetry, complaints);
}

Deno.test({
  name: "files are split, each with the lasting messages, and the reference reader reads them all",
  ignore: MCAP_PYTHON === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "whence-mcap-" });
    try {
      await withRecorder(join(folder, "new", "folder"), async (recorder, telemetry) => {
        await recorder.open();
        recorder.listen(telemetry);
        telemetry.tell("state", { state: "running", since: 1, reason: null });
        for (let i = 0; recorder.files.length < 3; i++) {
          telemetry.tell("step", stepAt(i * 0.08));
          telemetry.tell("maps", { ...stepAt(i * 0.08), values: new Float32Array(32).fill(-1) });
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        const event = sampleEvent();
        telemetry.tell("event", { ...stepAt(9), event, heatMap: new Float32Array(16) });
        await recorder.close();
        const { accepted, written, dropped, waiting } = recorder.counters();
        assert.deepEqual([accepted, written, dropped, waiting], [1, 1, 0, 0]);
        const contents = await Promise.all(recorder.files.map((file) => readMcap(file, "whole")));
        for (const { counts } of contents) assert.equal(counts["/front/state"], 1);
        for (const { counts } of contents) assert.ok(counts["/front/sound/map"] >= 1);
        assert.deepEqual(contents.flatMap(({ events }) => events), [`${event.id} ${event.type}`]);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("a folder that cannot be written is a complaint and lost events are counted", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-mcap-" });
  try {
    const taken = join(folder, "file");
    await Deno.writeTextFile(taken, "");
    await withRecorder(taken, async (recorder, telemetry, complaints) => {
      recorder.listen(telemetry);
      await assert.rejects(recorder.open(), { code: "EEXIST" });
      const event = sampleEvent();
      telemetry.tell("event", { ...stepAt(1), event, heatMap: new Float32Array(16) });
      await eventually("it is dropped", () => recorder.counters().dropped === 1);
      assert.ok(complaints.length > 0 && complaints[0] instanceof Error);
      await Deno.remove(taken);
      telemetry.tell("event", { ...stepAt(2), event, heatMap: new Float32Array(16) });
      await eventually("it is written", () => recorder.counters().written === 1);
      assert.equal(complaints.at(-1), undefined);
      await recorder.close();
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
