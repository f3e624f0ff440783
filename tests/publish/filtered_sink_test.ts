import assert from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../../src/config/read.ts";
import type { WhenceEvent } from "../../src/events/event.ts";
import { decodeEvent } from "../../src/events/event_json.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import type { EventFilter } from "../../src/publish/event_filter.ts";
import { FilteredSink } from "../../src/publish/filtered_sink.ts";
import { filteredTelemetry } from "../../src/publish/filtered_telemetry.ts";
import { makeSinks } from "../../src/publish/make_sinks.ts";
import { Publisher } from "../../src/publish/publisher.ts";
import type { Sink } from "../../src/publish/sink.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { withFiles } from "../config/pipeline_file.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { eventually } from "../support/eventually.ts";
import { decodeLine } from "../support/read_jsonl.ts";
import { sampleEvent } from "../support/sample_event.ts";

const weak = sampleEvent({ score: 0.7, current_score: 0.7 });
const strong = sampleEvent({ score: 0.95, type: "update", seq: 1 });
const end = sampleEvent({
  score: 0.95,
  type: "end",
  seq: 2,
  offset: 1763812802.5,
  stream: { onset: 3.21, offset: 4.476 },
});

const draw = () =>
  Promise.resolve({
    data: new Uint8Array([1]),
    contentType: "image/jpeg",
    width: 1,
    height: 1,
  });

/** A sink that records what it is given. */
class Recorder implements Sink {
  readonly name = "recorder";
  readonly takesPictures = true;
  readonly calls: string[] = [];

  open = () => Promise.resolve();
  close = () => Promise.resolve();
  event: Sink["event"] = ({ event: { type, seq }, line }) => {
    const read = decodeEvent(line);
    assert.deepEqual([read.type, read.seq], [type, seq]);
    this.calls.push(`${type} ${seq}`);
  };
  state = () => {};
  active: Sink["active"] = (kind, on) => this.calls.push(`${kind} ${on}`);
  stats = () => {};
  picture: Sink["picture"] = ({ event: { type, seq } }) =>
    this.calls.push(`picture ${type} ${seq}`);
  complaint = () => undefined;
  counters = () => ({
    accepted: 0,
    sent: 0,
    acknowledged: 0,
    waiting: 0,
    dropped: 0,
    refused: 0,
    oversized: 0,
    replaced: 0,
    failures: 0,
  });
}

async function publish(filter: EventFilter, messages: readonly WhenceEvent[]) {
  const sink = new Recorder();
  const publisher = new Publisher(() => [new FilteredSink(sink, filter)], () => {});
  await publisher.open();
  for (const message of messages) {
    publisher.event(message, draw);
    publisher.active(message.kind, message.type !== "end");
    await publisher.picturesDone();
  }
  await publisher.close();
  return { calls: sink.calls, drawn: publisher.pictures.drawn };
}

Deno.test("pictures and active kinds follow the events that pass", async () => {
  assert.deepEqual(await publish({ min_score: 0.9 }, [weak, strong, end]), {
    calls: [
      "sound false",
      "new 0",
      "sound true",
      "picture new 0",
      "end 1",
      "sound false",
      "picture end 1",
    ],
    drawn: 2,
  });
});

Deno.test("pictures of events that no sink takes are not drawn", async () => {
  assert.deepEqual(await publish({ kinds: ["speech"] }, [weak, strong, end]), {
    calls: ["sound false", "sound false", "sound false"],
    drawn: 0,
  });
});

Deno.test("a sink that reads events from telemetry gets the same ones", () => {
  const telemetry = new Telemetry(() => {});
  const heard: string[] = [];
  using _listening = filteredTelemetry(telemetry, { min_score: 0.9 }).listen(
    ["event", "state"],
    ({ topic, message }) =>
      heard.push(topic === "event" ? `${message.event.type} ${message.event.seq}` : topic),
  );
  telemetry.tell("state", { state: "running", since: 1, reason: null });
  for (const event of [weak, strong, end]) {
    telemetry.tell("event", { event, heatMap: new Float32Array(1), ptsNs: 0, epochNs: 0n });
  }
  assert.deepEqual(heard, ["state", "new 0", "end 1"]);
});

Deno.test("a broker gets the events of its filter, a file those of another", async () => {
  await using broker = await Mosquitto.start();
  await using listener = await MqttListener.connect(broker.url, "whence/front/#");
  const folder = await Deno.makeTempDir({ prefix: "whence-filter-" });
  try {
    const { publish } = pipelineSchema.parse({
      name: "front",
      source: { uri: "x.mkv" },
      model: "denseav-mini",
      publish: {
        mqtt: { url: broker.url, min_score: 0.9, picture: true },
        jsonl: { path: "speech.jsonl", kinds: ["speech"] },
      },
    });
    const context = { pipeline: "front", folder, log: () => {} };
    const publisher = new Publisher(() => makeSinks(publish, context), () => {});
    await publisher.open();
    publisher.event(weak, draw);
    publisher.active("sound", true);
    publisher.event(strong, draw);
    publisher.active("sound", true);
    await listener.until("whence/front/sound", "ON");
    publisher.event({ ...weak, id: "1763812805.000-bbbbbb", kind: "speech", head: 1 }, draw);
    publisher.event(end, draw);
    publisher.active("sound", false);
    await eventually("the end", () => received(listener).length >= 2);
    await publisher.close();
    assert.deepEqual(received(listener), ["new 0 0.95", "end 1 0.95"]);
    assert.equal(listener.on("whence/front/sound").at(-1), "OFF");
    const lines = (await Deno.readTextFile(join(folder, "speech.jsonl"))).trim().split("\n");
    const events = lines.map((line) => decodeLine(line).event);
    assert.deepEqual(events.map(({ kind, type }) => `${kind} ${type}`), ["speech new"]);
    const { mqtt, jsonl } = publisher.counters();
    assert.deepEqual([mqtt.accepted, jsonl.accepted], [2, 1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function received(listener: MqttListener): string[] {
  return listener.on("whence/front/event").map((text) => {
    const { type, seq, score } = decodeEvent(text);
    return `${type} ${seq} ${score}`;
  });
}

Deno.test("a filter's faults name the key", async () => {
  const faults = async (publish: string) =>
    await withFiles({
      "front.yaml": `source: { uri: x.mkv }\nmodel: m\ndetect: { zones: { sofa: ` +
        `[[0, 0], [1, 0], [1, 1]] } }\npublish: ${publish}\n`,
    }, async (folder) => {
      const reading = await readConfig(pipelineSchema, join(folder, "front.yaml"));
      return reading.faults.map(({ line, column, message }) => `${line}:${column}: ${message}`);
    });
  assert.deepEqual(await faults("{ mqtt: { zones: [sofa], kinds: [speech] } }"), []);
  assert.deepEqual(await faults("{ jsonl: { path: x, zones: [sofa, sofe] } }"), [
    `4:44: publish.jsonl.zones.1 must be a zone of detect.zones, got "sofe"`,
  ]);
  assert.match((await faults("{ mqtt: { kinds: [noise] } }")).join(), /publish\.mqtt\.kinds\.0/);
  assert.match((await faults("{ mcap: { path: x, min_score: 2 } }")).join(), /min_score/);
  assert.match((await faults("{ mqtt: { zone: [sofa] } }")).join(), /did you mean zones\?/);
  // The rules of the sink itself still apply.
  assert.match((await faults("{ mqtt: { cert: x } }")).join(), /both cert and key/);
});
