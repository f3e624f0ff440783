import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { inspectWithHints } from "../../src/capture/inspect_with_hints.ts";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import type { WhenceEvent } from "../../src/events/event.ts";
import { chooseVideoFormat } from "../../src/record/choose_video_format.ts";
import { EventRecorder } from "../../src/record/event_recorder.ts";
import { type RecordConfig, recordSchema } from "../../src/record/record_schema.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { eventually } from "../support/eventually.ts";
import { probeMedia } from "../support/probe_media.ts";
import { sampleEvent } from "../support/sample_event.ts";

/** Epoch seconds; a multiple of all segments. */
const START = 1_795_000_020;
const RATE = 16_000;
const jpeg = new Uint8Array(
  await sharp({ create: { width: 64, height: 48, channels: 3, background: "teal" } }).jpeg()
    .toBuffer(),
);
const format = await chooseVideoFormat(inspectWithHints);

class Camera {
  readonly telemetry = new Telemetry(() => {});
  readonly log: string[] = [];
  #seconds = 0;

  constructor() {
    this.telemetry.tell("description", {
      pipeline: "front",
      model: "m@1",
      heads: [{ kind: "sound", calibrated: true }],
      grid: { width: 4, height: 4 },
      input: { width: 64, height: 64 },
      fit: fitGeometry({ width: 64, height: 48, parN: 1, parD: 1 }, "letterbox", 64, 64),
      frameRate: 10,
      sampleRate: RATE,
      stepSeconds: 0.08,
      hopSeconds: 0.2,
      frameId: "camera",
      pictures: true,
    });
  }

  /** Pictures and sound up to a time. */
  runTo(seconds: number): void {
    for (; this.#seconds < seconds - 1e-6; this.#seconds += 0.1) {
      const moment = this.#at(this.#seconds);
      this.telemetry.tell("picture", { ...moment, jpeg });
      const samples = new Float32Array(RATE / 10).fill(0.25);
      this.telemetry.tell("audio", { ...moment, sampleRate: RATE, samples });
    }
  }

  /** An event from `onset` to now. */
  tell(id: string, onset: number, type: WhenceEvent["type"], score = 0.8): void {
    const end = type === "end" ? START + this.#seconds : null;
    const event = sampleEvent({
      id,
      type,
      onset: START + onset,
      offset: end,
      current_score: score,
    });
    const heatMap = new Float32Array(16).fill(1);
    this.telemetry.tell("event", { ...this.#at(this.#seconds), event, heatMap });
  }

  #at(seconds: number) {
    const epochNs = BigInt(START) * 1_000_000_000n + BigInt(Math.round(seconds * 1e9));
    return { ptsNs: seconds * 1e9, epochNs };
  }
}

async function withRecorder(
  settings: Partial<Record<keyof RecordConfig, unknown>>,
  use: (given: { camera: Camera; recorder: EventRecorder; folder: string }) => Promise<void>,
) {
  const root = await Deno.makeTempDir({ prefix: "whence-record-" });
  try {
    const folder = join(root, "new", "folder");
    const camera = new Camera();
    await using recorder = await EventRecorder.start({
      config: recordSchema.parse({ path: folder, ...settings }),
      pipeline: "front",
      folder,
      format,
      telemetry: camera.telemetry,
      log: (_level, line) => void camera.log.push(line),
    });
    await use({ camera, recorder, folder });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const A = `${START + 4}.000-aaaaaa`;
const B = `${START + 20}.000-bbbbbb`;

Deno.test("an event has a picture, and a clip with sound from pre before it to post after it", () =>
  withRecorder({}, async ({ camera, recorder, folder }) => {
    camera.runTo(4.5);
    camera.tell(A, 4, "new");
    camera.runTo(6);
    camera.tell(A, 4, "end");
    camera.runTo(9);
    assert.equal(recorder.counters().clips, 0, "the two seconds after it are missing");
    camera.runTo(12);
    await eventually("a clip", () => recorder.counters().clips === 1);
    const media = recorder.mediaOf({ id: A, onset: START + 4, located: true });
    assert.deepEqual(filesIn(folder), [media.picture, media.clip].sort());
    const { width, height, format } = await sharp(join(folder, media.picture!)).metadata();
    assert.deepEqual([width, height, format], [64, 48, "jpeg"]);
    const { video, audio } = await probeMedia(join(folder, media.clip!));
    // From 1 s to 8 s.
    for (const seconds of [video, audio]) assert.ok(Math.abs(seconds - 7) < 0.2, `${seconds} s`);
    assert.deepEqual(recorder.mediaOf({ id: B, onset: START + 20, located: false }), {
      clip: `${B}.${format === "jpeg" ? media.clip!.split(".").at(-1) : ""}`,
    });
  }));

Deno.test("mode all: segments join without a gap, and events name theirs", () =>
  withRecorder({ mode: "all", segment: "5s" }, async ({ camera, recorder, folder }) => {
    camera.runTo(4.5);
    camera.tell(A, 4, "new");
    const { clip } = recorder.mediaOf({ id: A, onset: START + 4, located: true });
    camera.runTo(6);
    camera.tell(A, 4, "end");
    camera.runTo(12);
    await eventually("two", () => recorder.counters().clips === 2);
    await recorder[Symbol.asyncDispose]();
    const segments = filesIn(folder).filter((name) => name.startsWith("front-"));
    assert.equal(segments.length, 3);
    assert.equal(segments[0], clip);
    const lengths = [];
    for (const name of segments) lengths.push((await probeMedia(join(folder, name))).video);
    assert.deepEqual(lengths.map((seconds) => Math.round(seconds * 10) / 10), [5, 5, 2]);
    assert.ok(filesIn(folder).includes(`${A}.jpg`));
  }));

Deno.test("a folder that cannot be written is a counted complaint; recording goes on once it can", () =>
  withRecorder({}, async ({ camera, recorder, folder }) => {
    await Deno.remove(folder);
    await Deno.writeTextFile(folder, "");
    camera.runTo(4.5);
    camera.tell(A, 4, "new");
    camera.runTo(6);
    camera.tell(A, 4, "end");
    camera.runTo(12);
    await eventually("failures", () => recorder.counters().failures === 2);
    assert.match(recorder.counters().complaint!, /^Cannot record to .*folder: /);
    assert.equal(camera.log.length, 1, "once per reason");
    await Deno.remove(folder);
    camera.runTo(20.5);
    camera.tell(B, 20, "new");
    camera.runTo(21);
    camera.tell(B, 20, "end");
    camera.runTo(28);
    await eventually("a clip", () => recorder.counters().clips === 1);
    assert.equal(recorder.counters().complaint, null);
  }));

Deno.test("what waits in memory is bounded when nothing is written", () =>
  withRecorder({ longest: "10s" }, ({ camera, recorder }) => {
    camera.runTo(0.5);
    for (let i = 0; i < 60; i++) {
      camera.tell(`${START + i}.000-${String(i).padStart(6, "0")}`, i, "new");
      camera.tell(`${START + i}.000-${String(i).padStart(6, "0")}`, i, "end");
    }
    camera.runTo(80);
    assert.ok(recorder.counters().waiting <= 16);
    assert.ok(recorder.counters().dropped >= 44);
    return Promise.resolve();
  }));
