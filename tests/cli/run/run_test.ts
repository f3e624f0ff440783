import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { decodeEvent } from "../../../src/events/event_json.ts";
import { eventually } from "../../support/eventually.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { whence } from "../whence.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const CLIP = join(PROJECT, "models/denseav-mini/demo.mkv");

const pipeline = (source: string) =>
  `source: ${source}
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
`;
const LIVE = pipeline("{ video: test://ball, audio: test://sine, frame_rate: 2 }");

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`run: ${signal} ends open events, says offline and exits with 0`, async () => {
    await using broker = await Mosquitto.start();
    await using listener = await MqttListener.connect(broker.url, "whence/#");
    await withFiles({ "front.yaml": LIVE }, async (folder) => {
      // So low a threshold that the tone is an event that never ends by itself.
      const low = "{ on: 0.001, off: 0.0005 }";
      const process = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), "run"],
          join(folder, "front.yaml"),
          ...["--set", `publish.mqtt.url=${broker.url}`],
          ...["--set", `detect.sound=${low}`, "--set", `detect.speech=${low}`],
        ],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const events = () => listener.on("whence/front/event").map(decodeEvent);
      await eventually("an event lasts", () => events().some(({ type }) => type === "update"));
      process.kill(signal);
      assert.equal((await process.status).code, 0);
      await listener.until("whence/front/available", "offline");
      const begun = events().filter(({ type }) => type === "new").map(({ id }) => id);
      const ended = events().filter(({ type }) => type === "end").map(({ id }) => id);
      assert.deepEqual(ended.toSorted(), begun.toSorted());
      assert.equal(JSON.parse(listener.on("whence/front/state").at(-1)!).state, "stopped");
    });
  });
}

Deno.test("run: one dead pipeline does not harm the others; the exit code tells", async () => {
  const files = {
    "dead.yaml": pipeline("{ uri: not-there.mkv }") + "publish: { jsonl: dead.jsonl }\n",
    "alive.yaml": pipeline(`{ uri: ${CLIP}, pace: fast }`) + "publish: { jsonl: alive.jsonl }\n",
  };
  await withFiles(files, async (folder) => {
    const { code, stderr } = await whence([
      "run",
      join(folder, "dead.yaml"),
      join(folder, "alive.yaml"),
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /dead\.yaml:1:\d+: Cannot .*not-there\.mkv/);
    assert.match(stderr, /alive: stopped: the source has ended/);
    const lines = (await Deno.readTextFile(join(folder, "alive.jsonl"))).trim().split("\n");
    assert.ok(lines.map(decodeLine).some(({ event }) => event.type === "end"));
  });
});

Deno.test("run: --duration stops a source without an end", async () => {
  const text = LIVE + "publish: { jsonl: events.jsonl }\n";
  await withFiles({ "front.yaml": text }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml"), "--duration", "5s"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /front: running/);
    assert.match(stderr, /front: stopped: stop requested/);
  });
});

Deno.test("run: --edit without a page is refused", async () => {
  await withFiles({ "front.yaml": LIVE }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml"), "--edit"]);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      "Cannot run: --edit must be given with --view, or with a view block in a file\n",
    );
  });
});

Deno.test("run: faults of the files exit with 2, a line each", async () => {
  await withFiles({ "bad.yaml": "source: { uri: 1 }\nmodle: x\n" }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "bad.yaml")]);
    assert.equal(code, 2);
    assert.match(stderr, /bad\.yaml:1:16: source\.uri /);
    assert.match(stderr, /bad\.yaml:2:1: .*model/);
    assert.doesNotMatch(stderr, /at .*\.ts/);
  });
});

Deno.test("demo: prints its events, a summary and the truth, also without a terminal", async () => {
  const { code, stdout, stderr } = await whence(["demo"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /demo +new +(sound|speech) +0\.\d\d/);
  assert.match(stdout, /frames +\d+ captured, \d+ encoded/);
  assert.match(stdout, /runs on +image: cpu, audio: cpu, similarity: cpu/);
  assert.match(stdout, /truth +\d of \d in place/);
});
