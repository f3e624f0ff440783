import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childrenOf, runs } from "../../capture/isolated/children.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { eventually } from "../../support/eventually.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const GRAPH = "videotestsrc is-live=true pattern=ball ! appsink name=video  " +
  "audiotestsrc is-live=true ! appsink name=audio";

Deno.test("run: a capture process that crashes costs its pipeline the source, and nothing else", async (t) => {
  await using broker = await Mosquitto.start();
  await using listener = await MqttListener.connect(broker.url, "whence/#");
  const yaml = (isolate: boolean) =>
    `source: { graph: "${GRAPH}", isolate: ${isolate}, frame_rate: 5 }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
detect: { sound: { on: 0.001, off: 0.0005 }, speech: { on: 0.001, off: 0.0005 } }
publish: { mqtt: { url: "${broker.url}" } }
`;
  const files = { "isolated.yaml": yaml(true), "other.yaml": yaml(false) };
  await withFiles(files, async (folder) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", MAIN, "run"],
        ...Object.keys(files).map((file) => join(folder, file)),
      ],
      env: { NO_COLOR: "1", STATE_DIRECTORY: join(folder, "state") },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new Response(process.stderr).text();
    const events = (name: string) =>
      listener.on(`whence/${name}/event`).map((text) => JSON.parse(text));
    const states = (name: string) =>
      listener.on(`whence/${name}/state`).map((text) => JSON.parse(text));
    await eventually(
      "both have events",
      () => ["isolated", "other"].every((name) => events(name).some(({ type }) => type === "new")),
    );
    const [capture, ...more] = childrenOf(process.pid);
    assert.deepEqual(more, []);
    // V8 catches the first SIGSEGV, in case WebAssembly caused it; a real fault then happens again.
    const killing = setInterval(() => runs(capture) && Deno.kill(capture, "SIGSEGV"), 20);
    await eventually(
      "it reconnects",
      () => states("isolated").some(({ state }) => state === "reconnecting"),
    );
    clearInterval(killing);
    const lost = states("isolated").find(({ state }) => state === "reconnecting");
    assert.match(lost.reason, /killed by SIGSEGV \(capture process\)/);
    await eventually("it runs again", () => states("isolated").at(-1).state === "running");
    await t.step("its open events end with the reason source_lost", () => {
      const lost = events("isolated").filter(({ reason }) => reason === "source_lost");
      assert.ok(lost.length > 0);
      for (const { id } of lost) {
        assert.ok(events("isolated").some((event) => event.id === id && event.type === "new"));
      }
    });
    await t.step("the other pipeline is not touched", () => {
      assert.ok(!states("other").some(({ state }) => state === "reconnecting"));
      assert.ok(!events("other").some(({ reason }) => reason === "source_lost"));
    });
    await t.step("there is one capture process again, and no zombie", () => {
      const [next, ...more] = childrenOf(process.pid);
      assert.ok(runs(next) && next !== capture);
      assert.deepEqual(more, []);
    });
    const [last] = childrenOf(process.pid);
    process.kill("SIGTERM");
    assert.equal((await process.status).code, 0, await log);
    assert.match(await log, /isolated: stopped: stop requested/);
    assert.ok(!runs(last));
    await eventually("each event has its end", () => {
      const ends = events("isolated").filter(({ type }) => type === "end");
      return ends.length === new Set(events("isolated").map(({ id }) => id)).size;
    });
  });
});
