import { decodeEvent } from "../../src/events/event_json.ts";
import { RtspCamera } from "../capture/rtsp_camera.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { succeeds } from "../../src/core/succeeds.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { Child } from "./child.ts";
import { TONE_STREAMS, writeToneModel } from "./tone_model.ts";

/** A message as the consumer received it. */
export interface Received {
  readonly pipeline: string;
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  readonly reason: string | null;
  /** Of `performance.now()`. */
  readonly atMs: number;
}

/** Names of the two pipelines: known events, and a camera's. */
export type PipelineName = "front" | "camera";

/** Patience for what a loaded machine may take long for, ms. */
const PATIENCE_MS = 300_000;
/** Patience for messages that wait in memory, ms. */
const DELIVERY_MS = 60_000;

const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

const keyOf = ({ id, seq }: { id: string; seq: number | string }) => `${id} ${seq}`;

/**
 * A broker, a proxy in front of it, two processes that publish through it, an RTSP camera for one of them, and a consumer.
 */
export class Setup implements AsyncDisposable {
  readonly broker: Mosquitto;
  /** In front of the broker. */
  readonly proxy: TcpProxy;
  /** In front of the camera. */
  readonly wire: TcpProxy;
  readonly received: Received[] = [];
  /** On a file system of 4 MB, if the machine allows to mount one. */
  readonly state: string;
  readonly smallDisk: boolean;
  /** Whether the clock of the camera's process can be set. */
  readonly hasClock: boolean;
  /** Publishes known events at a steady rate. */
  readonly front: Child;
  /** Finds events in the streams of the RTSP camera. */
  readonly camera: Child;
  readonly #folder: string;
  readonly #say: (line: string) => void;
  #ear: MqttListener | undefined;
  #server: RtspCamera;
  #modelVersion = 1;
  readonly #listeners = new Set<(line: string) => void>();
  /** Pipelines whose events are held in memory, by their logs. */
  readonly #inMemory = new Set<PipelineName>();
  /** When frames and samples of the camera began to arrive, of `performance.now()`. */
  readonly #runsMs: number[] = [];

  private constructor(
    parts: { broker: Mosquitto; server: RtspCamera; folder: string; model: string },
    { smallDisk, hasClock }: { smallDisk: boolean; hasClock: boolean },
    { everyMs, onLine }: SetupOptions,
  ) {
    const { broker, server, folder, model } = parts;
    this.broker = broker;
    this.#server = server;
    this.#folder = folder;
    this.#say = (line) => onLine?.(line);
    this.state = `${folder}/state`;
    this.smallDisk = smallDisk;
    this.hasClock = hasClock;
    this.proxy = new TcpProxy(broker.port);
    this.wire = new TcpProxy(Number(new URL(server.url).port));
    const [front, camera] = ["front", "camera"].map((name) => `${folder}/${name}.ledger`);
    this.front = new Child({
      script: "publisher_process.ts",
      args: [this.proxy.url, this.state, front, String(everyMs)],
      ledger: front,
      onLine: (line) => this.#noteStore("front", line),
    });
    this.camera = new Child({
      script: "camera_process.ts",
      args: [this.proxy.url, `rtsp://127.0.0.1:${this.wire.port}/cam`, model, this.state, camera],
      env: hasClock
        ? {
          LD_PRELOAD: FAKETIME,
          FAKETIME_TIMESTAMP_FILE: `${folder}/clock`,
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
          NO_FAKE_STAT: "1",
        }
        : undefined,
      ledger: camera,
      onLine: (line) => {
        this.#say(line);
        this.#noteStore("camera", line);
        if (line === "info: running") this.#runsMs.push(performance.now());
        for (const listener of this.#listeners) listener(line);
      },
    });
  }

  static async start(options: SetupOptions): Promise<Setup> {
    const folder = await Deno.makeTempDir({ prefix: "faults-" });
    await Deno.mkdir(`${folder}/state`);
    for (const name of ["front", "camera"]) {
      await Deno.writeTextFile(`${folder}/${name}.ledger`, "");
    }
    const mount = ["-t", "tmpfs", "-o", "size=4m", "t", `${folder}/state`];
    const smallDisk = await succeeds("mount", ...mount);
    const hasClock = await Deno.stat(FAKETIME).then(() => true, () => false);
    const model = await writeToneModel(folder, 1);
    const server = await RtspCamera.start({ transport: "tcp", streams: TONE_STREAMS });
    const broker = await Mosquitto.start();
    const setup = new Setup({ broker, server, folder, model }, { smallDisk, hasClock }, options);
    setup.setClock(0);
    await setup.listen();
    setup.front.launch();
    setup.camera.launch();
    return setup;
  }

  /** Subscribes; after a restart of the broker, before the publishers can connect. */
  async listen(): Promise<void> {
    this.#ear?.client.removeAllListeners("close");
    await this.#ear?.client.endAsync(true);
    // With a session, so that a loaded machine that loses the consumer's connection loses no messages.
    this.#ear = await MqttListener.connect(this.broker.url, "whence/+/event", {
      clientId: "consumer",
      clean: false,
    });
    this.#ear.client.on("close", () => this.#say("the consumer's connection was closed"));
    this.#ear.client.removeAllListeners("message");
    this.#ear.client.on("message", (_, payload) => {
      const { pipeline, id, seq, type, reason } = decodeEvent(payload.toString());
      this.received.push({ pipeline, id, seq, type, reason, atMs: performance.now() });
    });
  }

  /** Makes the small disk writable or read-only; for the latter, no process may use it. */
  async remount(how: "ro" | "rw"): Promise<void> {
    if (!await succeeds("mount", "-o", `remount,${how}`, this.state)) {
      throw new Error(`Cannot remount ${this.state}`);
    }
  }

  /** Cuts the camera's power. */
  async stopCamera(): Promise<void> {
    await this.wire.refuse();
    await this.#server.kill();
    this.wire.cut();
  }

  /** Turns the camera on again; returns when it listens. */
  async startCamera(): Promise<void> {
    const port = Number(new URL(this.#server.url).port);
    this.#server = await RtspCamera.start({ transport: "tcp", streams: TONE_STREAMS, port });
    this.wire.accept();
  }

  /** Replaces the model by its next version. */
  async replaceModel(): Promise<void> {
    await writeToneModel(this.#folder, ++this.#modelVersion);
  }

  /** Waits until the camera's process logs a line that contains a text. */
  async cameraSays(text: string): Promise<void> {
    let found = false;
    const listener = (line: string) => found ||= line.includes(text);
    this.#listeners.add(listener);
    await eventually(`"${text}" in the log of camera`, () => found, PATIENCE_MS);
    this.#listeners.delete(listener);
  }

  /** When the camera's process first had frames and samples of a new connection after a time, of `performance.now()`. */
  sourceBackMs(afterMs: number): number | undefined {
    return this.#runsMs.find((ms) => ms > afterMs);
  }

  /** Sets the clock of the camera's process, seconds from the true one. */
  setClock(seconds: number): void {
    Deno.writeTextFileSync(`${this.#folder}/clock`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  }

  /** Waits for the first message of a pipeline that arrives from now on; gives when it did, ms. */
  async nextMessage(pipeline: PipelineName, isWanted: (m: Received) => boolean): Promise<number> {
    let at = this.received.length;
    let found: Received | undefined;
    await eventually(`a message of ${pipeline}`, () => {
      for (; found === undefined && at < this.received.length; at++) {
        const message = this.received[at];
        if (message.pipeline === pipeline && isWanted(message)) found = message;
      }
      return found !== undefined;
    }, PATIENCE_MS);
    return found!.atMs;
  }

  /** Waits until everything that has been promised up to now has arrived. */
  async delivered(): Promise<void> {
    const missing = new Set(this.#promised());
    try {
      await eventually("all messages up to now", () => {
        for (const message of this.received) missing.delete(keyOf(message));
        return missing.size === 0;
      }, DELIVERY_MS);
    } catch {
      throw new Error(`Messages do not arrive: ${[...missing].join(", ")}`);
    }
  }

  /** Waits until no pipeline holds events in memory: what it holds there is lost with its process, and so is that an event is open. */
  async stored(): Promise<void> {
    await eventually("the outboxes", () => this.#inMemory.size === 0, DELIVERY_MS);
  }

  #noteStore(name: PipelineName, line: string): void {
    if (line.includes("Cannot store events")) this.#inMemory.add(name);
    if (line.includes("Events are stored again")) this.#inMemory.delete(name);
  }

  /** Waits until everything that was promised has arrived, or gives up. */
  async settle(): Promise<void> {
    await this.delivered().catch(() => {});
  }

  #promised(): string[] {
    return [...this.front.ledger(), ...this.camera.ledger()]
      .map((line) => line.split(" ").slice(0, 2).join(" "));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ear?.client.removeAllListeners("close");
    for (const child of [this.front, this.camera]) await child.end("SIGKILL");
    await this.#ear?.[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.wire[Symbol.asyncDispose]();
    await this.#server.kill();
    await this.broker[Symbol.asyncDispose]();
    if (this.smallDisk) await succeeds("umount", this.state);
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** How processes are started. */
export interface SetupOptions {
  /** Pause between two known messages, ms. */
  readonly everyMs: number;
  /** Receives the log of the camera's process. */
  readonly onLine?: (line: string) => void;
}
