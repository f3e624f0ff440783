import assert from "node:assert/strict";
import { WhenceClient } from "../../src/client/client.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { sampleMessage } from "../support/sample_message.ts";

const EVENT = "whence/front/event";

Deno.test("changes come one at a time, errors and messages that are not valid are reported", async () => {
  await using broker = await Mosquitto.start();
  await using whence = await MqttListener.connect(broker.url, "unused");
  const log: string[] = [];
  await using client = new WhenceClient(broker.url, {
    async onChange({ event: { seq } }) {
      log.push(`begin ${seq}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.push(`done ${seq}`);
      if (seq === 2) throw new Error("the gripper is stuck");
    },
    onProblem: (line) => log.push(line),
  });
  await eventually("the client listens", async () => {
    await whence.say(EVENT, sampleMessage().line);
    return log.includes("done 0");
  });
  for (const seq of [1, 2]) {
    await whence.say(EVENT, sampleMessage({ type: "update", seq }).line);
  }
  await whence.say(EVENT, "no event");
  await whence.say(EVENT, sampleMessage({ type: "update", seq: 3 }).line);
  await eventually("all handled", () => log.includes("done 3"));
  assert.deepEqual(log, [
    ...["begin 0", "done 0", "begin 1", "done 1", "begin 2", "done 2", "the gripper is stuck"],
    ...["Cannot read event: must be JSON", "begin 3", "done 3"],
  ]);
  assert.deepEqual(client.lasting.map(({ seq }) => seq), [3]);
});

Deno.test("with a session, the client gets what was published while it was away, and ends nothing early", async () => {
  await using broker = await Mosquitto.start();
  await using whence = await MqttListener.connect(broker.url, "unused");
  const changes: string[] = [];
  const connect = () =>
    new WhenceClient(broker.url, {
      onChange: ({ type, event, cause }) => void changes.push(`${type} ${event.seq} ${cause}`),
      mqtt: { clientId: "robot", clean: false },
    });
  const first = connect();
  await eventually("the client listens", async () => {
    await whence.say(EVENT, sampleMessage().line);
    return changes.length > 0;
  });
  await first.close();
  await whence.say(EVENT, sampleMessage({ type: "end", seq: 1, offset: 1763812802 }).line);
  await using _second = connect();
  await eventually("the end arrives", () => changes.includes("end 1 message"));
  // A repeated first message may have waited, too.
  assert.deepEqual([...new Set(changes)], ["new 0 message", "end 1 message"]);
});

Deno.test("a broker that is unavailable is reported", async () => {
  const problems: string[] = [];
  await using _client = new WhenceClient(`mqtt://127.0.0.1:${freePort()}`, {
    onChange() {},
    onProblem: (line) => problems.push(line),
  });
  await eventually("a report", () => problems.length > 0);
  assert.match(problems[0], /ECONNREFUSED/);
});
