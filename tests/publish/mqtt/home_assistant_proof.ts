/** Opt-in: a real Home Assistant core finds a pipeline, follows it, switches it and sees it go. `deno task test:home-assistant`. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { forgetPipeline } from "../../../src/publish/mqtt/forget_pipeline.ts";
import { mqttSchema } from "../../../src/publish/mqtt/mqtt_schema.ts";
import { Telemetry } from "../../../src/telemetry/telemetry.ts";
import { detectSchema } from "../../../src/detection/detect_schema.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { openSink } from "../../support/open_sink.ts";
import { pythonWith } from "../../support/python_with.ts";
import { sampleMessage, samplePicture } from "../../support/sample_message.ts";

const SCRIPT = fileURLToPath(new URL("home_assistant_core.py", import.meta.url));
const PACKAGES = [
  "homeassistant==2024.3.3",
  "paho-mqtt==1.6.1",
  "janus==1.0.0",
  "numpy==1.26.0",
  "PyTurboJPEG==1.7.1",
];

interface Entity {
  readonly state: string | null;
  readonly name: string;
  // deno-lint-ignore no-explicit-any
  readonly attributes: Record<string, any>;
}

/** A Home Assistant core in a process of its own. */
class HomeAssistant implements AsyncDisposable {
  readonly entities = new Map<string, Entity>();
  readonly #folder = Deno.makeTempDirSync({ prefix: "home-assistant-" });
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  started: string | undefined;

  constructor(python: string, brokerPort: number) {
    this.#process = new Deno.Command(python, {
      args: [SCRIPT, String(brokerPort), String(freePort()), this.#folder],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#stdin = this.#process.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Waits until an entity has a state; null: until it is removed. */
  async until(entity: string, state: string | null): Promise<Entity> {
    const of = () => this.entities.get(entity);
    await eventually(`${entity} is ${state}`, () => of()?.state === state);
    return of()!;
  }

  async call(domain: string, service: string, entity: string): Promise<void> {
    const line = JSON.stringify({ domain, service, entity_id: entity });
    await this.#stdin.write(new TextEncoder().encode(line + "\n"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close();
    await this.#process.status;
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const { started, entity_id, ...entity } = JSON.parse(line);
        if (started !== undefined) this.started = started;
        else this.entities.set(entity_id, entity);
      }
    }
  }
}

Deno.test("Home Assistant shows a pipeline: entities appear, change, become unavailable and go", async () => {
  const python = await pythonWith("python-home-assistant", PACKAGES);
  assert.ok(python, "Home Assistant must be installed");
  await using broker = await Mosquitto.start();
  await using home = new HomeAssistant(python, broker.port);
  const telemetry = new Telemetry(() => {});
  const zones = { sofa: [[0, 0], [1, 0], [1, 1]] };
  telemetry.tell("tuning", detectSchema.parse({ zones }));
  const wishes: boolean[] = [];
  const block = { url: broker.url, picture: true, home_assistant: true };
  const sink = await openSink(block, {
    telemetry,
    bearings: true,
    onSet: (enabled) => wishes.push(enabled),
  });
  const state = (state: "running" | "stopped") => sink.state({ state, since: 1, reason: null });
  for (const kind of ["sound", "speech"] as const) sink.active(kind, false);
  state("running");
  await eventually("Home Assistant runs", () => home.started === "loaded");

  const off = await home.until("binary_sensor.whence_front_sound", "off");
  assert.equal(off.name, "Whence front Sound");
  assert.equal(off.attributes.device_class, "sound");
  await home.until("binary_sensor.whence_front_speech", "off");
  await home.until("sensor.whence_front_state", "running");
  await home.until("switch.whence_front_enabled", "on");
  await home.until("sensor.whence_front_sound_score", "unknown");
  await home.until("sensor.whence_front_sound_label", "unknown");
  await home.until("image.whence_front_last_sound", "unknown");

  const bearing = { azimuth: -0.5, elevation: 0.1 };
  sink.active("sound", true);
  const labels = [{ name: "owl", score: 0.8 }, { name: "dog", score: 0.1 }];
  sink.event(sampleMessage({ bearing, labels }));
  sink.picture(samplePicture(new Uint8Array([0xff, 0xd8, 0, 255])));
  sink.stats({ latency_ms: { p50: 310, p95: 400 } });
  await home.until("binary_sensor.whence_front_sound", "on");
  await home.until("binary_sensor.whence_front_sound_in_sofa", "on");
  await home.until("sensor.whence_front_sound_score", "93.0");
  await home.until("sensor.whence_front_sound_label", "owl");
  await home.until("sensor.whence_front_sound_bearing", "-28.6");
  await home.until("sensor.whence_front_latency", "310");
  const picture = () => home.entities.get("image.whence_front_last_sound")!.state!;
  await eventually("the picture", () => /^\d{4}-/.test(picture()));

  // Events of the other kind change nothing.
  sink.event(sampleMessage({ kind: "speech", head: 1, zones: [], current_score: 0.5 }));
  await home.until("sensor.whence_front_speech_score", "50.0");
  await home.until("sensor.whence_front_speech_label", "unknown");
  await home.until("binary_sensor.whence_front_speech_in_sofa", "off");
  await home.until("sensor.whence_front_speech_bearing", "unknown");
  await home.until("binary_sensor.whence_front_sound_in_sofa", "on");
  await home.until("sensor.whence_front_sound_score", "93.0");
  await home.until("sensor.whence_front_sound_label", "owl");

  sink.event(sampleMessage({ type: "end", seq: 1, offset: 1763812802, current_score: 0.2 }));
  sink.active("sound", false);
  await home.until("binary_sensor.whence_front_sound_in_sofa", "off");
  await home.until("binary_sensor.whence_front_sound", "off");
  await home.until("sensor.whence_front_sound_label", "unknown");

  await home.call("switch", "turn_off", "switch.whence_front_enabled");
  await eventually("the command", () => wishes.length > 0);
  assert.deepEqual(wishes, [false]);
  state("stopped");
  await home.until("switch.whence_front_enabled", "off");
  await home.until("binary_sensor.whence_front_sound", "unavailable");
  await home.until("sensor.whence_front_state", "stopped");

  await sink.close();
  for (const it of ["switch.whence_front_enabled", "sensor.whence_front_state"]) {
    await home.until(it, "unavailable");
  }
  await forgetPipeline(mqttSchema.parse(block), { pipeline: "front", folder: Deno.cwd() });
  const entities = () => [...home.entities].filter(([name]) => name.includes("whence"));
  await eventually("all are removed", () => entities().every(([, { state }]) => state === null));
  assert.equal(entities().length, 15);
});
