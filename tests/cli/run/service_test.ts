import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { eventually } from "../../support/eventually.ts";
import { NotifySocket } from "../../support/notify_socket.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const BLOCKED = fileURLToPath(new URL("blocked_loop.ts", import.meta.url));
const PIPELINE = `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: events.jsonl }
`;

function start(args: readonly string[], socket: NotifySocket, watchdogMs: number) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", ...args],
    env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: `${watchdogMs * 1000}` },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

Deno.test("run: systemd learns when it is ready, what it does, that it is alive and that it stops", async () => {
  await using socket = await NotifySocket.open();
  await withFiles({ "front.yaml": PIPELINE }, async (folder) => {
    const process = start([MAIN, "run", join(folder, "front.yaml")], socket, 1000);
    const { messages } = socket;
    await eventually("it is ready", () => messages.includes("READY=1"));
    const before = messages.slice(0, messages.indexOf("READY=1"));
    assert.ok(before.includes("EXTEND_TIMEOUT_USEC=30000000"), before.join());
    assert.ok(before.includes("STATUS=front: starting"), before.join());
    assert.equal(before.at(-1), "STATUS=front: running");
    const alive = () => messages.filter((message) => message === "WATCHDOG=1").length;
    const sofar = alive();
    await eventually("it is alive", () => alive() > sofar + 1);
    process.kill("SIGTERM");
    assert.equal((await process.status).code, 0);
    await eventually("it stops", () => messages.includes("STOPPING=1"));
    assert.equal(messages.filter((message) => message === "READY=1").length, 1);
  });
});

Deno.test("run: a blocked event loop feeds no watchdog, and neither does a process that cannot open its source again", async () => {
  await using socket = await NotifySocket.open();
  const process = start([BLOCKED], socket, 100);
  assert.equal((await process.status).code, 0);
  const { messages } = socket;
  await eventually("all is told", () => messages.includes("STOPPING=1"));
  const [blocked, free] = ["STATUS=blocked", "STATUS=free"].map((line) => messages.indexOf(line));
  assert.ok(messages.slice(0, blocked).filter((line) => line === "WATCHDOG=1").length > 1);
  assert.equal(free, blocked + 1);
  const hung = messages.indexOf("STATUS=hung");
  assert.ok(messages.slice(free, hung).includes("WATCHDOG=1"), messages.join());
  assert.ok(!messages.slice(hung).includes("WATCHDOG=1"), messages.join());
});

Deno.test("run: a watchdog of another process is not fed", async () => {
  await using socket = await NotifySocket.open();
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", BLOCKED],
    env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "100000", WATCHDOG_PID: "1" },
  }).spawn();
  assert.equal((await process.status).code, 0);
  await eventually("all is told", () => socket.messages.includes("STOPPING=1"));
  assert.ok(!socket.messages.includes("WATCHDOG=1"));
});
