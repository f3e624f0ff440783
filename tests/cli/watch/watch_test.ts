import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodeEvent } from "../../../src/events/event_json.ts";
import { EVENT_LINE_HEADER, formatEventLine } from "../../../src/events/event_line.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { sampleEvent } from "../../support/sample_event.ts";
import { whence } from "../whence.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** `whence watch ARGS` in a process of its own, its output collected as it arrives. */
class Watch {
  stdout = "";
  stderr = "";
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<unknown>;

  constructor(...args: string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, "watch", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#read = Promise.all([
      this.#keep(this.#process.stdout, (text) => this.stdout += text),
      this.#keep(this.#process.stderr, (text) => this.stderr += text),
    ]);
  }

  async #keep(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) add(decoder.decode(bytes, { stream: true }));
  }

  get lines(): string[] {
    return this.stdout.split("\n").slice(0, -1);
  }

  async end(signal: Deno.Signal): Promise<number> {
    this.#process.kill(signal);
    await this.#read;
    return (await this.#process.status).code;
  }
}

/** Publishes a message until the watcher, which may not have subscribed yet, has printed a number of lines. */
async function sayUntil(
  mouth: MqttListener,
  topic: string,
  text: string,
  watch: Watch,
  lines: number,
): Promise<void> {
  await eventually(`${lines} lines`, async () => {
    await mouth.say(topic, text);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return watch.lines.length >= lines;
  });
}

Deno.test("watch prints an aligned line per event and ends with 0 on SIGINT", async () => {
  await using broker = await Mosquitto.start();
  await using mouth = await MqttListener.connect(broker.url, "none");
  const watch = new Watch("--url", broker.url, "--prefix", "lab/whence");
  const event = sampleEvent();
  await sayUntil(mouth, "lab/whence/front/event", encodeEvent(event), watch, 2);
  await mouth.say("whence/front/event", encodeEvent(event));
  await mouth.say("lab/whence/front/event", "no event\x1b[2J");
  await eventually("the complaint", () => watch.stderr.includes("must be JSON"));
  assert.equal(await watch.end("SIGINT"), 0);
  assert.equal(watch.lines[0], EVENT_LINE_HEADER);
  for (const line of watch.lines.slice(1)) assert.equal(line, formatEventLine(event));
  assert.deepEqual(watch.stderr.trimEnd().split("\n"), [
    `Connected to ${broker.url} (MQTT 5)`,
    '"lab/whence/front/event": Cannot read event: must be JSON',
  ]);
});

Deno.test("watch waits for a broker, survives its restart, and prints raw JSON with --json", async () => {
  await using broker = await Mosquitto.start();
  await broker.stop();
  const watch = new Watch("--url", broker.url, "--json");
  await eventually("the first attempt", () => watch.stderr.includes("connection refused"));
  await broker.resume();
  await using mouth = await MqttListener.connect(broker.url, "none");
  await sayUntil(mouth, "whence/a/event", '{\n  "any": ["json"]\r\n}', watch, 1);
  const before = watch.lines.length;
  await broker.stop();
  await eventually("the loss is printed", () => watch.stderr.includes("Lost"));
  await broker.resume();
  await sayUntil(mouth, "whence/b/event", '{"more":1.50}', watch, before + 1);
  assert.equal(await watch.end("SIGTERM"), 0);
  assert.equal(watch.lines[0], '{ "any": ["json"] }');
  assert.equal(watch.lines.at(-1), '{"more":1.50}');
  const news = watch.stderr.trimEnd().split("\n").map((line) => line.split(" ")[0]);
  assert.deepEqual(news.filter((word) => word !== "Cannot"), ["Connected", "Lost", "Connected"]);
});

Deno.test("watch ends with 0 when the reader of its output is gone", async () => {
  await using broker = await Mosquitto.start();
  await using mouth = await MqttListener.connect(broker.url, "none");
  const pipe = new Deno.Command("sh", {
    args: ["-c", '("$0" run --quiet -A "$1" watch --url "$2"; echo $? >&2) | head -n 2'].concat(
      Deno.execPath(),
      MAIN,
      broker.url,
    ),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let done = false;
  const output = pipe.output().finally(() => done = true);
  await eventually("the end", async () => {
    await mouth.say("whence/a/event", encodeEvent(sampleEvent()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    return done;
  });
  const { stdout, stderr } = await output;
  assert.equal(new TextDecoder().decode(stdout).split("\n").length, 3);
  assert.equal(new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1), "0");
});

Deno.test("invalid options are one line and exit code 2", async () => {
  const cases: [args: string[], line: RegExp][] = [
    [
      ["--url", "http://x"],
      /^Cannot watch: --url must be the address of a broker .*got http:\/\/x$/m,
    ],
    [
      ["--url", "embedded:"],
      /^Cannot watch: --url must be the address of a broker .*got embedded:$/m,
    ],
    [["--prefix", "a/#"], /^Cannot watch: --prefix must be a topic without .*, got a\/#$/m],
    [["--cert", "c.pem"], /^Cannot watch: --cert and --key must be given together$/m],
    [
      ["--ca", "ca.pem"],
      /^Cannot watch: --url must be mqtts:.* certificate is named, got mqtt:\/\/localhost:1883$/m,
    ],
    [
      ["--password-file", "missing"],
      /^Cannot watch: --password-file must be a readable file, got \S+missing \(no such file\)$/m,
    ],
    [["--color"], /unknown option '--color'/],
  ];
  for (const [args, line] of cases) {
    const { code, stdout, stderr } = await whence(["watch", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, line);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});

Deno.test("a password in the address is not printed", async () => {
  const watch = new Watch("--url", `mqtt://me:s3cret@127.0.0.1:${freePort()}`);
  await eventually("a word", () => watch.stderr.includes("Cannot connect to mqtt://127.0.0.1"));
  assert.equal(await watch.end("SIGINT"), 0);
  assert.ok(!(watch.stdout + watch.stderr).includes("s3cret"));
});
