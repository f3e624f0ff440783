import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { pythonWith } from "../support/python_with.ts";
import { sampleMessage } from "../support/sample_message.ts";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url).pathname;
const PYTHON = await pythonWith("python-paho", ["paho-mqtt==2.1.0"]);

/** The messages that a consumer has handled, as `id seq`. */
function handled(file: string): string[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare("SELECT id, seq FROM handled ORDER BY rowid").all()
      .map(({ id, seq }) => `${id} ${seq}`);
  } catch {
    return [];
  } finally {
    db.close();
  }
}

async function assertExactlyOnce(
  command: (port: number, file: string) => Deno.Command,
): Promise<void> {
  await using broker = await Mosquitto.start();
  const folder = await Deno.makeTempDir({ prefix: "consumer-" });
  const file = `${folder}/robot.sqlite`;
  new DatabaseSync(file).close();
  await using whence = await MqttListener.connect(broker.url, "whence/front/state");
  let consumer = command(broker.port, file).spawn();
  try {
    const say = async (seq: number) => {
      const type = seq === 0 ? "new" : "update";
      await whence.say("whence/front/event", sampleMessage({ seq, type }).line);
    };
    await eventually("the consumer listens", async () => {
      await say(0);
      return handled(file).length > 0;
    });
    for (let seq = 1; seq < 100; seq++) {
      await say(seq);
      // As after a reconnect: what was not acknowledged in time comes again.
      if (seq % 10 === 0) { for (let again = seq - 5; again <= seq; again++) await say(again); }
      if (seq % 30 !== 0) continue;
      consumer.kill("SIGKILL");
      await consumer.status;
      consumer = command(broker.port, file).spawn();
    }
    await eventually("all handled", () => handled(file).length >= 100);
    const { id } = sampleMessage().event;
    assert.deepEqual(handled(file), Array.from({ length: 100 }, (_, seq) => `${id} ${seq}`));
  } finally {
    consumer.kill("SIGKILL");
    await consumer.status;
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the consumer in TypeScript handles each message exactly once, although it is killed", () =>
  assertExactlyOnce((port, file) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "-A", `${EXAMPLES}exactly_once.ts`],
        ...[`mqtt://127.0.0.1:${port}`, file],
      ],
      stdin: "null",
    })
  ));

Deno.test({
  name: "the consumer in Python handles each message exactly once, although it is killed",
  ignore: PYTHON === undefined,
  fn: () =>
    assertExactlyOnce((port, file) =>
      new Deno.Command(PYTHON!, {
        args: [`${EXAMPLES}exactly_once.py`, "127.0.0.1", String(port), file],
        stdin: "null",
      })
    ),
});
