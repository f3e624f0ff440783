import assert from "node:assert/strict";
import { readPipeline } from "../../src/pipeline/load.ts";
import { LEAST, lines, readText, withFiles } from "./pipeline_file.ts";

Deno.test("a pipeline file needs only source and model", async () => {
  const { config, faults, document } = await readText(LEAST);
  assert.deepEqual(faults, []);
  assert.equal(config?.name, "robot");
  assert.equal(document?.name, "robot");
  assert.equal(config?.source.fit, "letterbox");
  assert.deepEqual(config?.window, {
    duration: 2,
    hop: 0.2,
    lookahead: 0.2,
    reuse_frames: true,
    early_hops: true,
  });
  assert.equal(config?.detect.gate, -55);
  assert.equal(config?.detect.sound.merge_gap, 0.3);
  assert.equal(config?.detect.speech.merge_gap, 0.2);
  assert.equal(config?.publish.mqtt?.url, "mqtt://localhost:1883");
});

Deno.test("units are read", async () => {
  const { config } = await readText(
    LEAST +
      "window: { duration: 1.5s, hop: 80ms }\ndetect: { gate: -40.5 dBFS }\ncamera: { hfov: 90deg }\n",
  );
  assert.equal(config?.window.duration, 1.5);
  assert.equal(config?.window.hop, 0.08);
  assert.equal(config?.detect.gate, -40.5);
  assert.ok(Math.abs(config!.camera.hfov! - Math.PI / 2) < 1e-12);
});

const FAULTS: readonly [name: string, text: string, expected: readonly string[]][] = [
  ["an empty file", "", ["robot.yaml:1:1: the file must be a mapping, got nothing"]],
  ["missing keys", "name: a\n", [
    "robot.yaml:1:1: source is missing; it must be a mapping",
    "robot.yaml:1:1: model is missing; it must be a string",
  ]],
  ["an unknown key near a known one", "sorce: {}\n" + LEAST, [
    "robot.yaml:1:1: unknown key sorce; did you mean source?",
  ]],
  ["an unknown key like none", LEAST + "detect: { region: { zzzzzz: 1 } }\n", [
    "robot.yaml:3:21: unknown key detect.region.zzzzzz; it must be level",
  ]],
  ["an unknown word", "model: m\nsource:\n  uri: a.mkv\n  fit: letterbx\n", [
    'robot.yaml:4:8: source.fit must be letterbox, crop or stretch, got "letterbx"',
  ]],
  ["an unknown provider", LEAST + "runtime:\n  providers: [cuda, cua]\n", [
    'robot.yaml:4:21: runtime.providers.1 must be tensorrt, cuda or cpu, got "cua"',
  ]],
  ["a wrong type", LEAST + "runtime: { threads: many }\n", [
    'robot.yaml:3:21: runtime.threads must be a number, got "many"',
  ]],
  ["a quoted number", LEAST + 'runtime: { threads: "2" }\n', [
    'robot.yaml:3:21: runtime.threads must be a number, got "2" (write it without quotes)',
  ]],
  ["a number without a unit", LEAST + "window: { hop: 200 }\n", [
    "robot.yaml:3:16: window.hop must be a duration such as 250ms or 2s, got 200",
  ]],
  ["a wrong unit", LEAST + "detect: { gate: -55dB }\n", [
    'robot.yaml:3:17: detect.gate must be a level such as -55dBFS, got "-55dB"',
  ]],
  ["a number out of bounds", LEAST + "detect: { sound: { on: 1.2 } }\n", [
    "robot.yaml:3:24: detect.sound.on must be at most 1, got 1.2",
  ]],
  ["thresholds the wrong way round", LEAST + "detect: { sound: { on: 0.3, off: 0.5 } }\n", [
    "robot.yaml:3:34: detect.sound.off must not be above on, got 0.5",
  ]],
  ["one of two values", LEAST + "publish: { mqtt: { qos: 2 } }\n", [
    "robot.yaml:3:25: publish.mqtt.qos must be 0 or 1, got 2",
  ]],
  ["a zone's name", LEAST + 'detect: { zones: { "a b": [[0, 0], [1, 0], [1, 1]] } }\n', [
    'robot.yaml:3:20: detect.zones: the name must be letters, digits, _ and -, got "a b"',
  ]],
  ["a zone of two points", LEAST + "detect: { zones: { a: [[0, 0], [1, 0]] } }\n", [
    "robot.yaml:3:23: detect.zones.a must have at least 3 items, got a list of 2",
  ]],
  ["a key without a value", LEAST + "camera:\n", [
    "robot.yaml:3:8: camera must be a mapping, got nothing",
  ]],
  ["a source given twice", "source: { uri: a, video: b, audio: c }\nmodel: m\n", [
    "robot.yaml:1:9: source must have exactly one of: uri; video and audio; graph",
  ]],
  ["a source without sound", "source: { video: v4l2:///dev/video0 }\nmodel: m\n", [
    "robot.yaml:1:9: source must name audio too (audio: silence:// for none)",
  ]],
  [
    "a certificate for a broker URL without TLS",
    LEAST +
    "publish: { mqtt: { url: mqtt://b, ca: ca.pem } }\n",
    [
      'robot.yaml:3:25: publish.mqtt.url must be mqtts://… or wss://… where a certificate is named, got "mqtt://b"',
    ],
  ],
  [
    "a certificate without its key",
    LEAST + "publish: { mqtt: { url: mqtts://b, cert: a.pem } }\n",
    [
      "robot.yaml:3:18: publish.mqtt must have both cert and key, or neither",
    ],
  ],
  ["no sink", LEAST + "publish: {}\n", [
    "robot.yaml:3:10: publish must have at least one of mqtt, jsonl, mcap",
  ]],
  ["a lookahead longer than the window", LEAST + "window: { duration: 1s, lookahead: 900ms }\n", [
    "robot.yaml:3:9: window must have hop + lookahead no longer than duration",
  ]],
  ["a key given twice", LEAST + "model: other\n", ["robot.yaml:3:1: duplicate key model"]],
  ["a broker's port", LEAST + "publish: { mqtt: { url: mqtt://host:70000 } }\n", [
    'robot.yaml:3:25: publish.mqtt.url must have a host, and a port up to 65535, got "mqtt://host:70000"',
  ]],
];

for (const [name, text, expected] of FAULTS) {
  Deno.test(`fault: ${name}`, async () => {
    const reading = await readText(text);
    assert.deepEqual(lines(reading), expected);
    assert.equal(reading.config, undefined);
  });
}

Deno.test("a syntax fault has its place, and a hint if ${NAME} is not quoted in a flow mapping", async () => {
  const [broken] = lines(await readText("source: { uri: a.mkv\nmodel: m\n"));
  assert.match(broken, /^robot\.yaml:\d+:\d+: not valid YAML: /);
  const [bare] = lines(await readText("source: { uri: ${CLIP} }\nmodel: m\n"));
  assert.match(bare, /quote it: "\$\{NAME\}"/);
});

Deno.test("all faults show at once, in the order of the file", async () => {
  const text = `name: Front
source: { uri: 5, fit: letterbx, vido: x }
window:
  hop: 200
runtime: { treads: 2 }
detect: { sound: { on: 0.2, off: 0.3, merge_gap: 1 } }
publish: { mqtt: { url: foo, cert: c.pem } }
`;
  const places = lines(await readText(text)).map((line) => line.split(": ")[0]);
  assert.deepEqual(places, [
    "robot.yaml:1:1",
    "robot.yaml:1:7",
    "robot.yaml:2:16",
    "robot.yaml:2:24",
    "robot.yaml:2:34",
    "robot.yaml:4:8",
    "robot.yaml:5:12",
    "robot.yaml:6:34",
    "robot.yaml:6:50",
    "robot.yaml:7:18",
    "robot.yaml:7:25",
  ]);
});

Deno.test("the default name is the file's, in letters a topic can have", async () => {
  await withFiles({ "Front_Door Camera.yml": LEAST }, async (folder) => {
    const { config } = await readPipeline(`${folder}/Front_Door Camera.yml`);
    assert.equal(config?.name, "front-door-camera");
  });
});

Deno.test("anchors and merge keys keep their places", async () => {
  const reading = await readText(
    LEAST + "detect:\n  sound: &track { on: 0.7, off: 0.9 }\n  speech: { <<: *track, off: 0.1 }\n",
  );
  assert.deepEqual(lines(reading), [
    "robot.yaml:4:33: detect.sound.off must not be above on, got 0.9",
  ]);
});
