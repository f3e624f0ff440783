import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const CLIP = join(PROJECT, "models/denseav-mini/demo.mkv");
const MODEL = "model: denseav-mini\nruntime: { providers: [cpu], threads: 1 }\n";

/** A program that tries what its arguments say, and prints what happened to each. */
const PROBE = `
const tries = {
  read: (path) => Deno.readTextFile(path),
  write: (path) => Deno.writeTextFile(path, "x", { append: true }),
  connect: async (place) => {
    const [hostname, port] = place.split(":");
    (await Deno.connect({ hostname, port: Number(port) })).close();
  },
  run: (program) => new Deno.Command(program).output(),
};
for (const [what, on] of JSON.parse(Deno.args[0])) {
  try {
    await tries[what](on);
    console.log("done");
  } catch (error) {
    console.log(error.name);
  }
}`;

/** The flags that check prints for a pipeline file. */
async function printedFlags(file: string, state: string): Promise<string[]> {
  const { code, stdout, stderr } = await whence(["check", file], {
    env: { STATE_DIRECTORY: state },
  });
  assert.equal(code, 0, stderr);
  return stdout.split("\n").map((line) => line.trim()).filter((line) =>
    line.startsWith("--allow-")
  );
}

Deno.test("the permissions of a pipeline end at its files, its broker and its own process", async () => {
  await using broker = await Mosquitto.start();
  await using other = await Mosquitto.start();
  const place = (url: string) => url.replace("mqtt://", "");
  const yaml = `source: { uri: ${CLIP} }\n${MODEL}` +
    `publish: { mqtt: { url: "${broker.url}" }, jsonl: out/events.jsonl }\n`;
  const files = { "front.yaml": yaml, "secret.txt": "x", "probe.ts": PROBE };
  await withFiles(files, async (folder) => {
    await Deno.mkdir(join(folder, "out"));
    const flags = await printedFlags(join(folder, "front.yaml"), join(folder, "state"));
    assert.ok(flags.includes("--allow-ffi"));
    const attempts: [string, string, string][] = [
      ["read", join(folder, "front.yaml"), "done"],
      ["read", CLIP, "done"],
      ["write", join(folder, "out/events.jsonl"), "done"],
      ["connect", place(broker.url), "done"],
      ["read", join(folder, "secret.txt"), "NotCapable"],
      ["read", "/etc/passwd", "NotCapable"],
      ["write", join(folder, "front.yaml"), "NotCapable"],
      ["write", join(folder, "new"), "NotCapable"],
      ["connect", place(other.url), "NotCapable"],
      ["connect", `127.0.0.1:${freePort()}`, "NotCapable"],
      ["run", "/bin/true", "NotCapable"],
    ];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-config", ...flags, join(folder, "probe.ts")],
        JSON.stringify(attempts),
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const outcomes = new TextDecoder().decode(stdout).trim().split("\n");
    assert.deepEqual(
      outcomes,
      attempts.map(([, , outcome]) => outcome),
      new TextDecoder().decode(stderr),
    );
  });
});

Deno.test("run --least-permissions: a recording goes to a file", async () => {
  const yaml =
    `source: { uri: ${CLIP}, pace: fast }\n${MODEL}publish: { jsonl: out/events.jsonl }\n`;
  await withFiles({ "front.yaml": yaml }, async (folder) => {
    await Deno.mkdir(join(folder, "out"));
    const { code, stderr } = await whence(
      ["run", "--least-permissions", join(folder, "front.yaml")],
      { env: { STATE_DIRECTORY: join(folder, "state") } },
    );
    assert.equal(code, 0, stderr);
    const lines = (await Deno.readTextFile(join(folder, "out/events.jsonl"))).trim().split("\n");
    assert.ok(lines.map(decodeLine).some(({ event }) => event.type === "end"));
  });
});

Deno.test("run --least-permissions: events reach the broker, and the process ID stays", async () => {
  await using broker = await Mosquitto.start();
  await using listener = await MqttListener.connect(broker.url, "whence/#");
  const yaml = `source: { video: "test://ball", audio: "test://sine" }\n${MODEL}` +
    "detect: { sound: { on: 0.001, off: 0 } }\n" +
    `publish: { mqtt: { url: "${broker.url}", picture: true } }\n`;
  await withFiles({ "front.yaml": yaml }, async (folder) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), "run", "--least-permissions"],
        join(folder, "front.yaml"),
      ],
      env: { NO_COLOR: "1", STATE_DIRECTORY: join(folder, "state") },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new Response(process.stderr).text();
    await eventually("an event", () => listener.on("whence/front/event").length > 1);
    await eventually("a picture", () => listener.on("whence/front/picture/sound").length > 0);
    const args = (await Deno.readTextFile(`/proc/${process.pid}/cmdline`)).split("\0");
    assert.ok(args.includes("--no-prompt") && !args.includes("-A"), args.join(" "));
    process.kill("SIGTERM");
    assert.equal((await process.status).code, 0, await log);
    assert.doesNotMatch(await log, /NotCapable|access to/);
    await listener.until("whence/front/available", "offline");
  });
});

Deno.test("run --least-permissions: a capture process is refused in one line, and check says so", async () => {
  const yaml = `source: { uri: ${CLIP}, isolate: true }\n${MODEL}publish: { jsonl: a.jsonl }\n`;
  await withFiles({ "front.yaml": yaml }, async (folder) => {
    const file = join(folder, "front.yaml");
    const { code, stderr } = await whence(["run", "--least-permissions", file]);
    assert.equal(code, 2);
    const reason =
      "Cannot run with least permissions: source\\.isolate starts a child process, which Deno cannot restrict; " +
      "remove source\\.isolate";
    assert.match(stderr, new RegExp(`^${reason} or --least-permissions\n$`));
    const check = await whence(["check", file]);
    assert.equal(check.code, 0, check.stderr);
    assert.match(check.stdout, new RegExp(`^ *all: ${reason}$`, "m"));
  });
});

Deno.test("run --least-permissions: the live page is refused in one line", async () => {
  const yaml = `source: { uri: ${CLIP} }\n${MODEL}view: {}\n`;
  await withFiles({ "front.yaml": yaml }, async (folder) => {
    const { code, stderr } = await whence([
      "run",
      "--least-permissions",
      join(folder, "front.yaml"),
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot show the live page under least permissions: [^\n]*\n$/);
  });
});
