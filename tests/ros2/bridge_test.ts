import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { pythonWith } from "../support/python_with.ts";
import { sampleMessage } from "../support/sample_message.ts";

const SCRIPT = fileURLToPath(new URL("bridge_to_cdr.py", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../config/ros2/whence_ros/", import.meta.url));
/** Types and CDR of ROS 2 without ROS. */
const PYTHON = await pythonWith("python-ros2", ["rosbags==0.11.9", "paho-mqtt==2.1.0"]);

/** A message as it was read back from CDR. */
interface RosMessage {
  readonly topic: string;
  readonly type: string;
  // deno-lint-ignore no-explicit-any
  readonly message: any;
  readonly warning?: string;
}

/** The bridge in a process of its own, between a broker and CDR. */
class BridgeProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly said: RosMessage[] = [];

  constructor(port: number, distribution: string) {
    this.#process = new Deno.Command(PYTHON!, {
      args: [SCRIPT, String(port), distribution],
      env: { PYTHONPATH: PACKAGE, PYTHONDONTWRITEBYTECODE: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Calls the service that switches the pipeline; returns whether it succeeds. Of null: whether there is a connection. */
  async ask(enabled: boolean | null): Promise<boolean> {
    const before = this.on("answer").length;
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${enabled}\n`));
    writer.releaseLock();
    await eventually("the service answers", () => this.on("answer").length > before);
    return this.on("answer").at(-1);
  }

  on(topic: string): RosMessage["message"][] {
    return this.said.filter((it) => it.topic === topic).map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    await this.#process.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.said.push(...lines.map((line) => JSON.parse(line)));
    }
  }
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-4, `${actual} must be ${expected}`);

for (const distribution of ["humble", "jazzy"]) {
  Deno.test({
    name: `events become messages of ROS 2 ${distribution}`,
    ignore: PYTHON === undefined,
    fn: async () => {
      await using broker = await Mosquitto.start();
      await using whence = await MqttListener.connect(broker.url, "whence/front/set");
      const retained = (topic: string, text: string) =>
        whence.client.publishAsync(topic, text, { qos: 1, retain: true });
      const state = (state: string, reason: string | null) =>
        retained("whence/front/state", JSON.stringify({ state, since: 1, reason, providers: {} }));
      await retained("whence/front/available", "online");
      await state("running", null);
      await using bridge = new BridgeProcess(broker.port, distribution);
      await eventually("the bridge listens", () => bridge.on("/diagnostics").length >= 2);

      const bearing = { azimuth: Math.PI / 6, elevation: -Math.PI / 4 };
      const labels = [{ name: "dog", score: 0.8 }];
      const stamp = { sec: 1763812802, nanosec: 5 };
      const header = { stamp, frame_id: "front_camera" };
      const say = (changes: Parameters<typeof sampleMessage>[0]) =>
        whence.say("whence/front/event", sampleMessage({ header, ...changes }).line);
      await say({ bearing, labels });
      await say({ bearing, labels });
      const heard = { located: false, peak: undefined, box: undefined, zones: [] };
      const other = "1763812801.500-zzzzzz";
      await say({ id: other, kind: "speech", head: 1, ...heard });
      await whence.say("whence/front/event", "not JSON");
      await say({ type: "end", seq: 1, offset: 1763812802, bearing });
      await say({ seq: 1, type: "update" });
      await state("running", "the microphone delivers digital silence");
      await say({ id: other, kind: "speech", head: 1, type: "update", seq: 1 });
      await state("stopped", null);
      await eventually("all arrived", () => bridge.on("detections").at(-1)?.header.stamp.sec === 1);

      const [first, second, third, fourth, last, ...more] = bridge.on("detections");
      assert.deepEqual(first.header, { stamp, frame_id: "front_camera_optical_frame" });
      const [{ results, bbox, id }] = first.detections;
      assert.equal(id, sampleMessage().event.id);
      assert.deepEqual(
        // deno-lint-ignore no-explicit-any
        results.map(({ hypothesis }: any) => hypothesis),
        [{ class_id: "sound", score: 0.93 }, { class_id: "dog", score: 0.8 }],
      );
      near(bbox.center.position.x, 0.3 * 1280);
      near(bbox.center.position.y, 0.4 * 720);
      near(bbox.size_x, 0.4 * 1280);
      near(bbox.size_y, 0.4 * 720);
      // What is heard without a place takes part in no detection, nor does what has ended; a stop ends the rest.
      const counts = [first, second, third, fourth, last].map((it) => it.detections.length);
      assert.deepEqual(counts, [1, 1, 0, 1, 0]);
      assert.deepEqual(more, []);

      const [{ vector, header: at }, ...others] = bridge.on("bearing");
      assert.deepEqual(at, header);
      assert.deepEqual(others, []);
      // Forward, to the left and down (REP 103).
      near(vector.x, Math.cos(Math.PI / 4) * Math.cos(Math.PI / 6));
      near(vector.y, Math.cos(Math.PI / 4) / 2);
      near(vector.z, -Math.sin(Math.PI / 4));

      assert.equal(bridge.on("event").length, 4);
      assert.ok(bridge.said.some(({ warning }) => /whence\/front\/event/.test(warning ?? "")));
      const diagnostics = () =>
        bridge.on("/diagnostics").map(({ status: [{ level, message }] }) => `${level} ${message}`);
      await eventually("the end is told", () => diagnostics().at(-1) === "3 stopped");
      const told = diagnostics();
      assert.ok(told.includes("0 running"), told.join("; "));
      assert.ok(told.includes("1 running: the microphone delivers digital silence"));
    },
  });
}

Deno.test({
  name: "a command without a connection fails, and is not sent later",
  ignore: PYTHON === undefined,
  fn: async () => {
    await using broker = await Mosquitto.start();
    await using whence = await MqttListener.connect(broker.url, "whence/front/set");
    await using bridge = new BridgeProcess(broker.port, "jazzy");
    const connected = (is: boolean) =>
      eventually(`connected: ${is}`, async () => await bridge.ask(null) === is);
    const off = JSON.stringify({ enabled: false });
    const commands = () =>
      whence.on("whence/front/set").map((text) => JSON.stringify(JSON.parse(text)));
    await connected(true);
    assert.equal(await bridge.ask(false), true);
    await eventually("the command", () => commands().length > 0);
    await broker.stop();
    await connected(false);
    assert.equal(await bridge.ask(true), false);
    await broker.resume();
    await connected(true);
    assert.equal(await bridge.ask(false), true);
    await eventually("the next command", () => commands().length > 1);
    assert.deepEqual(commands(), [off, off]);
  },
});
