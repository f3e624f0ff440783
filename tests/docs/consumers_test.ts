/** The example consumers of all languages do the same, against a real broker. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { pythonWith } from "../support/python_with.ts";
import { sampleEvent } from "../support/sample_event.ts";
import { sampleMessage } from "../support/sample_message.ts";

const EXAMPLES = fileURLToPath(new URL("../../docs/examples/", import.meta.url));
const PREFIX = "home/robot";
const FIRST = "1763812800.000-aaaaaa";
const [A, B, C] = ["a", "b", "c"].map((letter) => `1763812801.000-${letter.repeat(6)}`);

type Message = readonly [topic: string, payload: string];

const event = (changes: Parameters<typeof sampleMessage>[0], pipeline = "front"): Message => [
  `${pipeline}/event`,
  sampleMessage({ pipeline, ...changes }).line,
];
const state = (name: string, pipeline = "front"): Message => [
  `${pipeline}/state`,
  JSON.stringify({ state: name, since: 1763812801.5, reason: null }),
];

/** What Whence publishes, and the lines that a consumer prints about it. */
const SCENARIO: readonly (readonly [Message, ...lines: string[]])[] = [
  [event({ id: A }), `new front sound 0.97 0.31,0.52 ${A} 0 message`],
  [event({ id: A })],
  [event({ id: A, seq: 2, type: "update" }), `update front sound 0.97 0.31,0.52 ${A} 2 message`],
  [event({ id: A, seq: 1, type: "update" })],
  [
    event({ id: A, seq: 3, type: "end", offset: 1763812803 }),
    `end front sound 0.97 0.31,0.52 ${A} 3 message`,
  ],
  [event({ id: A, seq: 2, type: "update" })],
  [
    event({ id: B, kind: "speech", located: false, peak: undefined, box: undefined }),
    `new front speech 0.97 - ${B} 0 message`,
  ],
  [event({ id: C }, "back"), `new back sound 0.97 0.31,0.52 ${C} 0 message`],
  [["front/event", "{"]],
  [["front/event", JSON.stringify({ ...sampleEvent(), schema: "whence/event/1" })]],
  [["front/state", ""]],
  [state("reconnecting")],
  [state("failed"), `end front speech 0.97 - ${B} 0 failed`],
  [state("stopped")],
  [
    [
      "back/event",
      JSON.stringify({ ...sampleEvent({ id: C, pipeline: "back", seq: 1 }), added: 1 }),
    ],
    `new back sound 0.97 0.31,0.52 ${C} 1 message`,
  ],
  [["front/available", "offline"]],
  [["back/available", "online"]],
  [["back/available", "offline"], `end back sound 0.97 0.31,0.52 ${C} 1 offline`],
  [
    event({ id: B, seq: 1, type: "update" }),
    `update front sound 0.97 0.31,0.52 ${B} 1 message`,
  ],
];

/** A consumer that runs, with the lines that it has printed. */
class Consumer implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<void>;

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#process = new Deno.Command(command, {
      args: [...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#read = this.#readLines();
  }

  async #readLines(): Promise<void> {
    let text = "";
    for await (const part of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      this.lines.push(...lines);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#read;
  }
}

async function assertFollows(start: (port: number) => Consumer): Promise<void> {
  await using broker = await Mosquitto.start();
  await using consumer = start(broker.port);
  await using whence = await MqttListener.connect(broker.url, "unused");
  const say = ([topic, payload]: Message) => whence.say(`${PREFIX}/${topic}`, payload);
  await eventually("the consumer listens", async () => {
    await say(event({ id: FIRST, type: "end", offset: 1763812801 }));
    return consumer.lines.length > 0;
  });
  for (const [message] of SCENARIO) await say(message);
  const expected = [
    `end front sound 0.97 0.31,0.52 ${FIRST} 0 message`,
    ...SCENARIO.flatMap(([, ...lines]) => lines),
  ];
  await eventually("all lines", () => consumer.lines.length >= expected.length);
  assert.deepEqual(consumer.lines, expected);
  await broker.stop();
  await broker.resume();
  await eventually("another line", () => consumer.lines.length > expected.length);
  assert.deepEqual(consumer.lines.slice(expected.length), [
    `end front sound 0.97 0.31,0.52 ${B} 1 missed`,
  ]);
}

Deno.test("the TypeScript consumer follows events", () =>
  assertFollows((port) => {
    const example = `${EXAMPLES}consumer.ts`;
    const args = [
      "run",
      "--quiet",
      "--no-check",
      "-A",
      example,
      `mqtt://127.0.0.1:${port}`,
      PREFIX,
    ];
    return new Consumer(Deno.execPath(), args);
  }));

Deno.test("another project imports whence/client, with its types", async () => {
  const folder = await Deno.makeTempDir({ prefix: "consumer-" });
  try {
    const links = [fileURLToPath(new URL("../../", import.meta.url))];
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ links }));
    await Deno.copyFile(`${EXAMPLES}consumer.ts`, join(folder, "consumer.ts"));
    const check = () =>
      new Deno.Command(Deno.execPath(), { args: ["check", "consumer.ts"], cwd: folder }).output();
    const { success, stderr } = await check();
    assert.ok(success, new TextDecoder().decode(stderr));
    const code = await Deno.readTextFile(join(folder, "consumer.ts"));
    await Deno.writeTextFile(
      join(folder, "consumer.ts"),
      code.replace("kind, score", "color, score"),
    );
    assert.match(
      new TextDecoder().decode((await check()).stderr),
      /'color' does not exist on type/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The consumer logs in to a broker that refuses others. */
async function assertLogsIn(start: (port: number, login: Record<string, string>) => Consumer) {
  const passwords = await Deno.makeTempFile({ prefix: "consumer-passwords-" });
  try {
    const { success } = await new Deno.Command("mosquitto_passwd", {
      args: ["-b", "-c", passwords, "robot", "secret"],
      env: { PATH: ["/usr/bin", Deno.env.get("PATH")].join(":") },
    }).output();
    assert.ok(success);
    await using broker = await Mosquitto.start({
      anonymous: false,
      listener: [`password_file ${passwords}`],
    });
    const login = { username: "robot", password: "secret" };
    await using consumer = start(broker.port, {
      MQTT_USERNAME: login.username,
      MQTT_PASSWORD: login.password,
    });
    await using whence = await MqttListener.connect(broker.url, "unused", login);
    await eventually("an event", async () => {
      const [topic, payload] = event({ id: FIRST });
      await whence.say(`${PREFIX}/${topic}`, payload);
      return consumer.lines.length > 0;
    });
  } finally {
    await Deno.remove(passwords);
  }
}

const python = await pythonWith("python-consumer", ["paho-mqtt==2.1.0", "mypy==1.18.2"]);

Deno.test({
  name: "the Python consumer follows events",
  ignore: python === undefined,
  fn: async () => {
    const start = (port: number, login?: Record<string, string>) =>
      new Consumer(
        python!,
        ["-B", `${EXAMPLES}whence_client.py`, "127.0.0.1", `${port}`, PREFIX],
        login,
      );
    await assertFollows(start);
    await assertLogsIn(start);
  },
});

Deno.test({
  name: "the Python client can be imported, and mypy finds a field that does not exist",
  ignore: python === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "consumer-" });
    try {
      const program = join(folder, "program.py");
      const check = async (field: string) => {
        const lines = ["from whence_client import Change", "def place(change: Change) -> object:"];
        await Deno.writeTextFile(
          program,
          [...lines, `    return change.event["${field}"]\n`].join("\n"),
        );
        const args = [
          "-m",
          "mypy",
          "--strict-equality",
          "--check-untyped-defs",
          "--python-version",
        ];
        const { success, stdout } = await new Deno.Command(python!, {
          args: [...args, "3.9", `--cache-dir=${folder}/cache`, program],
          env: { MYPYPATH: EXAMPLES },
        }).output();
        return { success, text: new TextDecoder().decode(stdout) };
      };
      const good = await check("peak");
      assert.ok(good.success, good.text);
      assert.match((await check("place")).text, /has no key "place"/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the C++ consumer follows events", async () => {
  const folder = await Deno.makeTempDir({ prefix: "consumer-" });
  try {
    const program = join(folder, "consumer");
    const { success, stderr } = await new Deno.Command("g++", {
      args: ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-o", program, `${EXAMPLES}consumer.cpp`]
        .concat("-lmosquitto"),
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const args = (port: number) => ["127.0.0.1", `${port}`, PREFIX];
    await assertFollows((port) => new Consumer(program, args(port)));
    await assertLogsIn((port, login) => new Consumer(program, args(port), login));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
