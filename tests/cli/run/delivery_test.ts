import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { whence } from "../whence.ts";

const CLIP = fileURLToPath(new URL("../../../models/denseav-mini/demo.mkv", import.meta.url));

const pipeline = (publish: string, source = `{ uri: ${CLIP}, pace: fast }`) =>
  `source: ${source}
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: ${publish}
`;

Deno.test("run: a summary says what was found, delivered, lost and dropped", async () => {
  await withFiles({ "front.yaml": pipeline("{ jsonl: events.jsonl }") }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml")]);
    assert.equal(code, 0, stderr);
    const summary = new RegExp(
      "front: summary: (\\d+) sounds?, (\\d+) words?; jsonl (\\d+) messages? delivered, 0 lost; " +
        "dropped: 0 frames, 0 audio buffers, 0 hops, 0 time steps\n$",
    ).exec(stderr);
    assert.ok(summary, stderr);
    const [sounds, words, messages] = summary.slice(1).map(Number);
    const lines = (await Deno.readTextFile(join(folder, "events.jsonl"))).trim().split("\n");
    const events = lines.map(decodeLine).map(({ event }) => event);
    const started = (kind: string) =>
      events.filter((event) => event.type === "new" && event.kind === kind).length;
    assert.deepEqual([started("sound"), started("speech"), events.length], [
      sounds,
      words,
      messages,
    ]);
  });
});

Deno.test("run: the only sink cannot be opened: one line with its place, exit code 1", async () => {
  const files = { "front.yaml": pipeline("{ jsonl: file/events.jsonl }"), "file": "" };
  await withFiles(files, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml")]);
    assert.equal(code, 1);
    const last = stderr.trimEnd().split("\n").at(-1)!;
    assert.match(
      last,
      /front\.yaml:4:19: Cannot write .*events\.jsonl: a part of its path is not a folder$/,
    );
  });
});

Deno.test("run: no broker at all: the events are stored for the next start, exit code 1", async () => {
  const url = `mqtt://127.0.0.1:${freePort()}`;
  await withFiles({ "front.yaml": pipeline(`{ mqtt: { url: "${url}" } }`) }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml")]);
    assert.equal(code, 1);
    const summary = /mqtt 0 messages delivered, 0 lost, (\d+) stored/.exec(stderr);
    assert.ok(summary && Number(summary[1]) > 0, stderr);
    const last = stderr.trimEnd().split("\n").at(-1)!;
    assert.ok(
      last.endsWith(
        `front.yaml:4:18: Cannot connect to ${url}: connection refused; ` +
          `${summary[1]} messages are stored for the next start`,
      ),
      last,
    );
  });
});

Deno.test("run: with another sink working, a sink that fails is a complaint in state, counted", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/#");
  const publish = `{ mqtt: { url: "${broker.url}" }, jsonl: file/events.jsonl }`;
  await withFiles({ "front.yaml": pipeline(publish), "file": "" }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml")]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /mqtt \d+ messages delivered, 0 lost; jsonl 0 messages delivered, \d+ lost/,
    );
  });
  const states = ear.on("whence/front/state").map((text) => JSON.parse(text));
  const complaint = /Cannot write .*events\.jsonl: a part of its path is not a folder/;
  assert.match(states[0].reason, complaint);
  assert.match(states.at(-1).reason, /^the source has ended; Cannot write .* is not a folder$/);
  await using late = await MqttListener.connect(broker.url, "whence/front/state");
  await eventually("it is retained", () => late.heard.length === 1);
  assert.match(late.heard[0].text, complaint);
});
