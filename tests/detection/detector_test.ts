import assert from "node:assert/strict";
import { cameraSchema } from "../../src/detection/camera_schema.ts";
import { detectSchema } from "../../src/detection/detect_schema.ts";
import { Detector, type HeadOptions, type Label } from "../../src/detection/detector.ts";
import { eventSchema } from "../../src/events/event.ts";

const EPOCH = 1_763_812_800_000_000_000n;
const FIT = { sourceWidth: 640, sourceHeight: 480, scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0 };

const HEADS: readonly HeadOptions[] = [
  { kind: "sound", calibration: { slope: 10, offset: -5 } },
  { kind: "speech", calibration: { slope: 10, offset: -5 } },
];

function detector(detect: object = {}, heads = HEADS, clock = { setNs: 0n }, label?: Label) {
  return new Detector(
    detectSchema.parse({ zones: { left: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] }, ...detect }),
    cameraSchema.parse({ frame_id: "head_camera", hfov: "90deg" }),
    {
      pipeline: "front",
      model: "test@1",
      heads,
      gridWidth: 4,
      gridHeight: 4,
      stepSeconds: 0.1,
      fit: FIT,
      epochNs: (runningNs) => EPOCH + clock.setNs + BigInt(Math.round(runningNs)),
      label,
    },
  );
}

/** A step at `i` tenths of a second; head 0 is hot at `sound`, head 1 at `speech` (a cell, or -1 for not at all). */
function step(i: number, sound: number, speech: number, level = -20) {
  const volume = new Float32Array(32);
  if (sound >= 0) volume[sound] = 1;
  if (speech >= 0) volume[16 + speech] = 1;
  return {
    ptsNs: (i + 0.5) * 1e8,
    framePtsNs: i * 1e8,
    level,
    audio: Float32Array.of(1, i, -1, -i),
    activation: Float32Array.of(sound >= 0 ? 1 : 0, speech >= 0 ? 1 : 0),
    volume,
  };
}

Deno.test("each head makes its own events, valid by the schema, in capture time", () => {
  const detect = detector();
  const found = Array.from(
    { length: 20 },
    (_, i) => detect.step(step(i, i >= 2 && i < 8 ? 5 : -1, i >= 4 && i < 6 ? 2 : -1)),
  ).flat();
  for (const { event } of found) eventSchema.parse({ ...event, latency_ms: 0 });
  const ends = found.filter(({ event }) => event.type === "end").map(({ event }) => event);
  assert.deepEqual(ends.map(({ kind, head }) => [kind, head]), [["speech", 1], ["sound", 0]]);
  const sound = ends[1];
  assert.equal(sound.onset, 1_763_812_800.2);
  assert.equal(sound.offset, 1_763_812_800.8);
  assert.ok(Math.abs(sound.duration - 0.6) < 1e-9);
  assert.deepEqual(sound.header, {
    stamp: { sec: 1_763_812_800, nanosec: 800_000_000 },
    frame_id: "head_camera",
  });
  assert.deepEqual(sound.zones, ["left"]);
  assert.deepEqual(ends[0].zones, []);
  assert.ok(sound.bearing!.azimuth > 0 && ends[0].bearing!.azimuth < 0);
  const messages = found.map(({ event }) => event).filter(({ kind }) => kind === "sound");
  assert.deepEqual(messages.map(({ seq }) => seq), messages.map((_, i) => i));
  assert.equal(new Set(messages.map(({ id }) => id)).size, 1);
});

Deno.test("input below the gate is silence", () => {
  const detect = detector({ gate: "-40dBFS" });
  const found = Array.from({ length: 10 }, (_, i) => detect.step(step(i, 5, 2, -41))).flat();
  assert.deepEqual(found, []);
});

Deno.test("active() names kinds with an announced event; end() ends them and says why", () => {
  const detect = detector();
  const [begin] = Array.from({ length: 4 }, (_, i) => detect.step(step(i, 5, -1))).flat();
  assert.equal(begin.event.reason, null);
  assert.deepEqual([...detect.active()], ["sound"]);
  const [{ event, atNs }] = detect.end("stopped");
  assert.equal(event.type, "end");
  assert.equal(event.reason, "stopped");
  assert.equal(atNs, 4e8);
  assert.deepEqual([...detect.active()], []);
});

Deno.test("an event keeps its onset if the clock is set while it lasts; the stamp follows the clock", () => {
  const clock = { setNs: 0n };
  const detect = detector({}, HEADS, clock);
  const [begin] = Array.from({ length: 4 }, (_, i) => detect.step(step(i, 5, -1))).flat();
  clock.setNs = -3_600_000_000_000n;
  const [{ event }] = detect.end(null);
  assert.deepEqual([event.id, event.onset], [begin.event.id, begin.event.onset]);
  assert.ok(Math.abs(event.offset! - event.onset - event.duration) < 1e-6);
  assert.equal(event.header.stamp.sec, 1_763_812_800 - 3600);
});

Deno.test("an end has a reason only if something other than silence ended the event", () => {
  const ends = ([null, "source_lost"] as const).map((reason) => {
    const detect = detector();
    for (let i = 0; i < 4; i++) detect.step(step(i, 5, -1));
    const [{ event }] = detect.advance(9e8, reason);
    return [event.type, event.reason];
  });
  assert.deepEqual(ends, [["end", null], ["end", "source_lost"]]);
});

Deno.test("a speaker who moves 1 cell/s stays one event; messages lag half a cell at most", () => {
  const size = 8;
  const stepSeconds = 0.08;
  const speed = 1 / size;
  const width = 1 / size;
  const place = (seconds: number) => 0.1 + speed * seconds;
  const detect = new Detector(detectSchema.parse({}), cameraSchema.parse({ hfov: "90deg" }), {
    pipeline: "front",
    model: "test@1",
    heads: [{ kind: "speech", calibration: { slope: 10, offset: -5 } }],
    gridWidth: size,
    gridHeight: size,
    stepSeconds,
    fit: FIT,
    epochNs: (runningNs) => EPOCH + BigInt(Math.round(runningNs)),
  });
  const found = Array.from({ length: 76 }, (_, i) => {
    const seconds = (i + 0.5) * stepSeconds;
    const volume = Float32Array.from({ length: size * size }, (_, cell) => {
      const x = (cell % size + 0.5) / size - place(seconds);
      const y = (Math.floor(cell / size) + 0.5) / size - 0.5;
      return Math.exp(-(x * x + y * y) / (2 * width * width));
    });
    const ptsNs = seconds * 1e9;
    const activation = Float32Array.of(i < 70 ? Math.max(...volume) : 0);
    const audio = new Float32Array(1);
    return detect.step({ ptsNs, framePtsNs: ptsNs, level: -20, audio, activation, volume });
  }).flat();
  assert.equal(new Set(found.map(({ event }) => event.id)).size, 1);
  const types = found.map(({ event }) => event.type);
  assert.deepEqual([types[0], types.at(-1), types.length], ["new", "end", 11]);
  for (const { event, atNs } of found) {
    const lag = place(atNs / 1e9) - event.peak![0];
    assert.ok(lag > -0.1 * speed && lag <= 0.5 * speed, `${event.type} at ${atNs / 1e9} s: ${lag}`);
    const [x1, , x2] = event.box!;
    assert.ok(x2 - x1 < 2.6 * width * Math.sqrt(2 * Math.LN2), `box from ${x1} to ${x2}`);
  }
  const { event, heatMap } = found.at(-1)!;
  const azimuth = Math.atan(2 * (0.5 - place(5.6)));
  assert.ok(Math.abs(event.bearing!.azimuth - azimuth) < 7 * Math.PI / 180);
  // The heat map for the picture still shows the whole way.
  const row = heatMap.subarray(4 * size, 5 * size);
  assert.ok(row[1] > 0.5 * Math.max(...row) && row[5] > 0.5 * Math.max(...row), row.join(" "));
});

Deno.test("models with one head, or two of a kind, are supported", () => {
  for (const kinds of [["speech"], ["sound", "sound"]] as const) {
    const heads = kinds.map((kind) => ({ kind, calibration: { slope: 10, offset: -5 } }));
    const detect = detector({}, heads);
    const found = Array.from({ length: 12 }, (_, i) => {
      const { activation, volume, ...rest } = step(i, i < 5 ? 5 : -1, i < 3 ? 2 : -1);
      return detect.step({
        ...rest,
        activation: activation.slice(0, kinds.length),
        volume: volume.slice(0, 16 * kinds.length),
      });
    }).flat().map(({ event }) => event);
    assert.deepEqual(new Set(found.map(({ kind }) => kind)), new Set(kinds));
    const ends = found.filter(({ type }) => type === "end");
    assert.deepEqual(ends.map(({ head }) => head).toSorted(), kinds.map((_, k) => k));
    assert.equal(new Set(ends.map(({ id }) => id)).size, kinds.length);
  }
});

Deno.test("labels come from the head's audio features, of the event and 200 ms around it", () => {
  const asked: { kind: string; code: number[] }[] = [];
  const label: Label = (kind, code) => {
    asked.push({ kind, code: [...code] });
    return code.length === 2 && code[1] > 20 ? [{ name: "ten", score: 0.8 }] : [];
  };
  const detect = detector({ unlocated: {} }, HEADS, { setNs: 0n }, label);
  const found = Array.from({ length: 30 }, (_, i) => {
    const located = step(i, i >= 2 && i < 8 ? 5 : -1, -1);
    return detect.step({ ...located, presence: Float32Array.of(0, i >= 4 && i < 8 ? 1 : 0) });
  }).flat().map(({ event }) => event);
  const ends = found.filter(({ type }) => type === "end");
  assert.deepEqual(ends.map(({ kind, located }) => `${kind} ${located}`), [
    "sound true",
    "speech false",
  ]);
  // Steps 2 to 7 of head 0, steps 4 to 7 of head 1, and two steps of 100 ms on either side.
  assert.deepEqual(asked.filter(({ kind }) => kind === "sound").at(-1)!.code, [10, 45]);
  assert.deepEqual(asked.filter(({ kind }) => kind === "speech").at(-1)!.code, [-8, -44]);
  assert.deepEqual(ends[0].labels, [{ name: "ten", score: 0.8 }]);
  assert.deepEqual(found[0].labels, [], "too few steps so far");
  assert.equal(asked.length, found.length, "names are looked up for messages alone");
});

/** A step in which nothing matches, and something is heard with the given presence. */
function heardStep(i: number, sound: number, cell = -1) {
  return { ...step(i, cell, -1), presence: Float32Array.of(sound, 0) };
}

const shown = (found: ReturnType<Detector["step"]>) =>
  found.map(({ event: { type, kind, located, id } }) => ({ type, kind, located, id }));

Deno.test("what is heard while nothing in the picture matches is an event without a place", () => {
  const detect = detector({ unlocated: {} });
  const found = Array.from({ length: 20 }, (_, i) => detect.step(heardStep(i, i < 8 ? 0.9 : 0)))
    .flat();
  for (const { event } of found) eventSchema.parse({ ...event, latency_ms: 0 });
  const [first] = found;
  assert.equal(first.event.kind, "sound");
  assert.equal(first.event.located, false);
  assert.ok(Math.abs(first.event.score - 0.9) < 1e-6);
  assert.deepEqual(first.event.zones, []);
  assert.ok(!("peak" in first.event || "box" in first.event || "bearing" in first.event));
  assert.ok(first.heatMap.length === 16 && first.heatMap.every((value) => value === 0));
  const last = found.at(-1)!.event;
  assert.deepEqual([last.type, last.id, last.duration.toFixed(3)], [
    "end",
    first.event.id,
    "0.800",
  ]);
  assert.ok(found.every(({ event }) => event.kind === "sound"));
});

Deno.test("without unlocated, below the gate and under its threshold, presence makes no event", () => {
  const events = (detect: Detector, presence: number, level: number) =>
    Array.from({ length: 20 }, (_, i) => detect.step({ ...heardStep(i, presence), level })).flat();
  assert.deepEqual(events(detector(), 1, -20), []);
  assert.deepEqual(events(detector({ unlocated: {} }), 1, -60), []);
  assert.deepEqual(events(detector({ unlocated: {} }), 0.69, -20), []);
});

Deno.test("an event with a place takes over from one of the same kind without", () => {
  const detect = detector({ unlocated: {} });
  const found = Array.from({ length: 40 }, (_, i) => {
    // Something is heard all the time; from 1 s to 2 s it is in view.
    return detect.step(heardStep(i, 1, i >= 10 && i < 20 ? 5 : -1));
  }).flat().concat(detect.end(null));
  const messages = shown(found).filter(({ type }) => type !== "update");
  assert.deepEqual(messages.map(({ type, located }) => `${type} ${located}`), [
    "new false",
    "end false",
    "new true",
    "end true",
    "new false",
    "end false",
  ]);
  const open = new Set<string>();
  for (const { type, id } of shown(found)) {
    if (type === "end") open.delete(id);
    else open.add(id);
    assert.ok(open.size <= 1, "one event of a kind at a time");
  }
});

Deno.test("active() names kinds that are only heard; switching unlocated off ends them", () => {
  const on = detectSchema.parse({ unlocated: {} });
  const detect = detector({ unlocated: {} });
  for (let i = 0; i < 6; i++) detect.step(heardStep(i, 1));
  assert.deepEqual([...detect.active()], ["sound"]);
  detect.configure({ ...on, unlocated: undefined });
  const found = Array.from({ length: 10 }, (_, i) => detect.step(heardStep(i + 6, 1))).flat();
  assert.deepEqual(shown(found).map(({ type }) => type), ["end"]);
  assert.deepEqual([...detect.active()], []);
});
