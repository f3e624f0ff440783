import assert from "node:assert/strict";
import { join } from "node:path";
import type { Finding } from "../../../src/core/finding.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { whence } from "../whence.ts";

const pipeline = (source: string, url: string) =>
  `source: ${source}\nmodel: denseav-mini\nruntime: { providers: [cpu] }\n` +
  `publish: { mqtt: { url: "${url}" } }\n`;
const TEST_SOURCE = "{ video: test://ball, audio: test://sine }";

async function findings(...args: string[]): Promise<{ code: number; all: Finding[]; ok: boolean }> {
  const { code, stdout, stderr } = await whence(["doctor", "--json", ...args]);
  assert.equal(stderr, "");
  const { ok, findings } = JSON.parse(stdout);
  return { code, ok, all: findings };
}

const named = (all: readonly Finding[], name: string) => {
  const finding = all.find((finding) => finding.name === name);
  assert.ok(finding, `${name} must be among ${all.map(({ name }) => name).join(", ")}`);
  return finding;
};

Deno.test("doctor shows the machine", async () => {
  const { code, stdout } = await whence(["doctor"]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^GStreamer\n {2}ok +version +1\.\d+\.\d+\n/);
  assert.match(stdout, /^ {2}ok +video decoding +\S.*: /m);
  assert.match(stdout, /\n {2}ok +rtspsrc\n/);
  assert.match(stdout, /\nCameras and microphones\n {2}(ok|-) /);
  assert.match(stdout, /\nONNX Runtime\n {2}ok +library +\d+\.\d+\.\d+, \S+/);
  assert.match(stdout, /\n {2}ok +cpu\n/);
  assert.match(stdout, /\n {2}(ok|absent) +cuda/);
  assert.match(stdout, /\nModels\n(.*\n)* {2}ok +denseav-mini@\d+ /);
  assert.match(stdout, /Nothing required is missing\.\n$/);
});

Deno.test("a pipeline that has all it needs, and a real broker", async () => {
  await using broker = await Mosquitto.start();
  await withFiles({ "a.yaml": pipeline(TEST_SOURCE, broker.url) }, async (folder) => {
    const { code, ok, all } = await findings(join(folder, "a.yaml"));
    assert.equal(code, 0, JSON.stringify(all));
    assert.ok(ok);
    assert.equal(named(all, broker.url).detail, "connected, MQTT 5.0");
    assert.equal(named(all, "videotestsrc").status, "ok");
    assert.ok(named(all, "videotestsrc").needed);
  });
});

Deno.test("what a pipeline needs and lacks", async () => {
  const port = freePort();
  const source = `{ video: "v4l2:///dev/video99", audio: "rtsp://u:hunter2@127.0.0.1:${port}/a" }`;
  const url = `mqtt://u:hunter2@127.0.0.1:${port}`;
  await withFiles({ "a.yaml": pipeline(source, url) }, async (folder) => {
    const file = join(folder, "a.yaml");
    const { code, ok, all } = await findings(file, "--set", "model=denseav-nano");
    assert.equal(code, 1);
    assert.ok(!ok);
    for (
      const [name, detail] of [
        ["--set model", /denseav-nano/],
        ["v4l2:///dev/video99", /no such device/],
        [`rtsp://u:***@127.0.0.1:${port}/a`, /refuses connections/],
        [`mqtt://u:***@127.0.0.1:${port}`, /connection refused/],
      ] as const
    ) {
      const finding = named(all, name);
      assert.equal(finding.status, "missing", name);
      assert.ok(finding.needed, name);
      assert.match(finding.detail, detail);
    }
    const text = await whence(["doctor", file]);
    assert.equal(text.code, 1);
    assert.match(text.stdout, /\nMissing: v4l2:\/\/\/dev\/video99, /);
    assert.ok(!text.stdout.includes("hunter2"));
  });
});

Deno.test("a port that another process uses", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const free = freePort();
  const text = `source: ${TEST_SOURCE}\nmodel: denseav-mini\nruntime: { providers: [cpu] }\n` +
    `publish: { jsonl: events.jsonl }\nmetrics: 127.0.0.1:${port}\nview: { address: 127.0.0.1:${free} }\n`;
  await withFiles({ "a.yaml": text }, async (folder) => {
    const { code, all } = await findings(join(folder, "a.yaml"));
    assert.equal(code, 1);
    const { area, status, detail } = named(all, "metrics");
    assert.deepEqual([area, status], ["Ports", "missing"]);
    assert.equal(detail, `127.0.0.1:${port}: the port is in use by another process`);
    assert.equal(named(all, "live page").status, "ok");
  });
});

Deno.test("a GStreamer element that is missing comes with its package", async () => {
  const graph = `videotestsrc ! nvvidconv ! appsink name=video audiotestsrc ! appsink name=audio`;
  await withFiles({ "a.yaml": pipeline(`{ graph: "${graph}" }`, "embedded:") }, async (folder) => {
    const { code, all } = await findings(join(folder, "a.yaml"));
    const element = named(all, "nvvidconv");
    if (element.status === "ok") return;
    assert.equal(code, 1);
    assert.deepEqual(element, {
      area: "GStreamer",
      name: "nvvidconv",
      status: "missing",
      needed: true,
      detail: "apt-get install nvidia-l4t-gstreamer",
    });
  });
});

Deno.test("a pipeline file with faults is exit code 2", async () => {
  await withFiles({ "a.yaml": "source: {}\n" }, async (folder) => {
    const { code, stdout, stderr } = await whence(["doctor", join(folder, "a.yaml")]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /a\.yaml:1:1: model is missing/);
  });
});
