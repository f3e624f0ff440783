import { decodeEvent } from "../../src/events/event_json.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { succeeds } from "../support/succeeds.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

/** A message as the consumer received it. */
export interface Received {
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  readonly reason: string | null;
  /** Of `performance.now()`. */
  readonly atMs: number;
}

/** A broker, a proxy in front of it, a process that publishes known events through the proxy, and a consumer. */
export class Setup implements AsyncDisposable {
  readonly broker: Mosquitto;
  readonly proxy: TcpProxy;
  readonly received: Received[] = [];
  /** On a file system of 4 MB, if the machine allows to mount one. */
  readonly state: string;
  readonly smallDisk: boolean;
  readonly #folder: string;
  readonly #everyMs: number;
  #ear: MqttListener | undefined;
  #process: Deno.ChildProcess | undefined;

  private constructor(broker: Mosquitto, folder: string, smallDisk: boolean, everyMs: number) {
    this.broker = broker;
    this.proxy = new TcpProxy(broker.port);
    this.#folder = folder;
    this.state = `${folder}/state`;
    this.smallDisk = smallDisk;
    this.#everyMs = everyMs;
  }

  /** @param everyMs pause between two messages. */
  static async start(everyMs: number): Promise<Setup> {
    const folder = await Deno.makeTempDir({ prefix: "faults-" });
    await Deno.mkdir(`${folder}/state`);
    await Deno.writeTextFile(`${folder}/ledger`, "");
    const smallDisk = await succeeds(
      "mount",
      "-t",
      "tmpfs",
      "-o",
      "size=4m",
      "t",
      `${folder}/state`,
    );
    const setup = new Setup(await Mosquitto.start(), folder, smallDisk, everyMs);
    await setup.listen();
    setup.launch();
    return setup;
  }

  /** The publishing process. */
  get process(): Deno.ChildProcess {
    return this.#process!;
  }

  /** Messages that the publisher has promised to deliver, as `id seq type`. */
  ledger(): string[] {
    return Deno.readTextFileSync(`${this.#folder}/ledger`).split("\n").slice(0, -1);
  }

  /** Subscribes; after a restart of the broker, before the publisher can connect. */
  async listen(): Promise<void> {
    await this.#ear?.client.endAsync(true);
    this.#ear = await MqttListener.connect(this.broker.url, "whence/front/event");
    this.#ear.client.on("message", (_, payload) => {
      const { id, seq, type, reason } = decodeEvent(payload.toString());
      this.received.push({ id, seq, type, reason, atMs: performance.now() });
    });
  }

  /** Starts the publishing process. */
  launch(): void {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "-A"],
        new URL("publisher_process.ts", import.meta.url).pathname,
        ...[this.proxy.url, this.state, `${this.#folder}/ledger`, String(this.#everyMs)],
      ],
      stdin: "null",
      stderr: "null",
    }).spawn();
  }

  /** Ends the publishing process with a signal and waits for its end. */
  async end(signal: Deno.Signal): Promise<void> {
    this.process.kill(signal);
    await this.process.status;
  }

  /** Makes the small disk writable or read-only; for the latter, no process may use it. */
  async remount(how: "ro" | "rw"): Promise<void> {
    if (!await succeeds("mount", "-o", `remount,${how}`, this.state)) {
      throw new Error(`Cannot remount ${this.state}`);
    }
  }

  /** Waits for the first message that arrives from now on; gives how long it took, ms. */
  async nextMessage(): Promise<number> {
    const startMs = performance.now();
    const { length } = this.received;
    await eventually("a message", () => this.received.length > length);
    return this.received[length].atMs - startMs;
  }

  /** Waits until everything that has been promised up to now has arrived. */
  async delivered(): Promise<void> {
    const promised = new Set(this.ledger().map((line) => line.split(" ").slice(0, 2).join(" ")));
    await eventually("all messages up to now", () => {
      for (const { id, seq } of this.received) promised.delete(`${id} ${seq}`);
      return promised.size === 0;
    });
  }

  /** Waits until everything in the ledger has arrived. */
  async settle(): Promise<void> {
    await eventually("all messages", () => {
      const seen = new Set(this.received.map(({ id, seq }) => `${id} ${seq}`));
      return this.ledger().every((line) => seen.has(line.split(" ").slice(0, 2).join(" ")));
    }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL").catch(() => {});
    await this.#ear?.[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
    if (this.smallDisk) await succeeds("umount", this.state);
    await Deno.remove(this.#folder, { recursive: true });
  }
}
