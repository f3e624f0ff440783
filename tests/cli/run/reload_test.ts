import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeEvent } from "../../../src/events/event_json.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { eventually } from "../../support/eventually.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { NotifySocket } from "../../support/notify_socket.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** A pipeline file; the score is never above 1, so that there are no events unless `on` is lower. */
const yaml = (
  broker: string,
  { on = 1, video = "smpte", model = "denseav-mini", more = "" } = {},
) =>
  `source: { video: "test://${video}", audio: "test://sine", frame_rate: 5 }
model: ${model}
runtime: { providers: [cpu], threads: 1 }
detect: { sound: { on: ${on}, off: 0 }, speech: { on: 1, off: 0 } }
publish: { mqtt: { url: "${broker}" } }
${more}`;

/** A running `whence run` with two pipeline files, front and rear, in a folder. */
class Run implements AsyncDisposable {
  readonly listener: MqttListener;
  log = "";
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(folder: string, args: readonly string[], listener: MqttListener, notify = "") {
    this.listener = listener;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", MAIN, "run", ...args],
        ...["front.yaml", "rear.yaml"].map((name) => join(folder, name)),
      ],
      env: { NO_COLOR: "1", NOTIFY_SOCKET: notify },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  states(name = "front"): { state: string; reason: string | null }[] {
    return this.listener.on(`whence/${name}/state`).map((text) => JSON.parse(text));
  }

  last(name = "front") {
    return this.states(name).at(-1);
  }

  events() {
    return this.listener.on("whence/front/event").map(decodeEvent);
  }

  hangUp(): void {
    this.#process.kill("SIGHUP");
  }

  async running(): Promise<void> {
    await eventually(
      "both run",
      () => ["front", "rear"].every((name) => this.last(name)?.state === "running"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    const { code } = await this.#process.status;
    await this.#reading;
    assert.equal(code, 0, this.log);
  }

  async #read(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.log += text;
    }
  }
}

Deno.test("run: SIGHUP applies new thresholds in place, and refuses what is not valid", async () => {
  await using broker = await Mosquitto.start();
  await using listener = await MqttListener.connect(broker.url, "whence/#");
  await using socket = await NotifySocket.open();
  const text = yaml(broker.url);
  await withFiles({ "front.yaml": text, "rear.yaml": text }, async (folder) => {
    const front = join(folder, "front.yaml");
    await using run = new Run(folder, [], listener, socket.path);
    await run.running();
    assert.deepEqual(run.events(), []);
    const told = run.states().length;

    await Deno.writeTextFile(front, yaml(broker.url, { on: 0.001 }));
    run.hangUp();
    await eventually("an event", () => run.events().some(({ type }) => type === "new"));
    assert.match(run.log, /front: reloaded .*front\.yaml: new detect/);
    assert.match(run.log, /rear: .*rear\.yaml is unchanged/);
    await eventually("systemd knows", () => socket.messages.indexOf("RELOADING=1") > 0);
    await eventually(
      "it is ready again",
      () => socket.messages.lastIndexOf("READY=1") > socket.messages.indexOf("RELOADING=1"),
    );
    // In place: the event lasts, and the state was not told again.
    assert.equal(run.states().length, told);

    await Deno.writeTextFile(front, text + "modle: x\n");
    run.hangUp();
    await eventually("state tells", () => run.last()?.reason !== null);
    assert.equal(run.last()?.state, "running");
    assert.match(
      run.last()!.reason!,
      /^the changed pipeline file is not used: .*front\.yaml:6:1: .*modle/,
    );
    assert.match(run.log, /front: .*front\.yaml:6:1: .*modle/);
    const updates = run.events().length;
    await eventually("the old one goes on", () => run.events().length > updates + 1);

    await Deno.writeTextFile(front, yaml(broker.url, { model: "not-there" }));
    run.hangUp();
    await eventually("state tells", () => /not-there/.test(run.last()?.reason ?? ""));

    await Deno.writeTextFile(
      front,
      yaml(broker.url, { on: 0.001, more: "metrics: 127.0.0.1:9\n" }),
    );
    run.hangUp();
    await eventually("nothing is wrong", () => run.last()?.reason === null);
    await eventually("the log tells", () => /restart Whence to use the new metrics/.test(run.log));
    // No reload has ended an event or the connection; a starved machine may end one with another reason.
    assert.ok(run.events().every(({ reason }) => reason !== "stopped"));
    assert.deepEqual(listener.on("whence/front/available"), ["online"]);
  });
});

Deno.test("run --watch: a new source is opened; the broker and the other pipeline notice nothing", async () => {
  await using broker = await Mosquitto.start();
  await using listener = await MqttListener.connect(broker.url, "whence/#");
  const text = yaml(broker.url, { on: 0.001 });
  await withFiles({ "front.yaml": text, "rear.yaml": text }, async (folder) => {
    await using run = new Run(folder, ["--watch"], listener);
    await run.running();
    await eventually("an event", () => run.events().some(({ type }) => type === "new"));
    const others = run.states("rear").length;
    // As an editor does it: a new file takes the old one's place.
    const fresh = join(folder, "front.new");
    await Deno.writeTextFile(fresh, yaml(broker.url, { on: 0.001, video: "snow" }));
    await Deno.rename(fresh, join(folder, "front.yaml"));
    await eventually(
      "the event ends",
      () => run.events().some(({ reason }) => reason === "stopped"),
    );
    await eventually(
      "a new event",
      () => run.events().filter(({ type }) => type === "new").length > 1,
    );
    assert.match(run.log, /front: reloaded .*front\.yaml: new source/);
    assert.equal(run.states("rear").length, others);
    assert.ok(run.states().every(({ state }) => state === "starting" || state === "running"));
    assert.deepEqual(listener.on("whence/front/available"), ["online"]);
  });
});
