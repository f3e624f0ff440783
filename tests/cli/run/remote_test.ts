import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { freePort } from "../../support/free_port.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { findModel } from "../../../src/model/find_model.ts";
import { OipServer } from "../../model/runtime/remote/oip_server.ts";
import { whence } from "../whence.ts";

const CLIP = fileURLToPath(new URL("../../../models/denseav-mini/demo.mkv", import.meta.url));

const pipeline = (library: string) =>
  `source: { uri: ${CLIP}, pace: fast }
model: denseav-mini
runtime: { library: "${library}", threads: 1 }
publish: { jsonl: events.jsonl }
`;

/** What is published of a run, without what differs between any two runs. */
async function eventsOf(library: string, ...args: string[]) {
  let events: ReturnType<typeof decodeLine>["event"][] = [];
  await withFiles({ "front.yaml": pipeline(library) }, async (folder) => {
    const { code, stderr } = await whence(["run", join(folder, "front.yaml"), ...args]);
    assert.equal(code, 0, stderr);
    const text = await Deno.readTextFile(join(folder, "events.jsonl"));
    events = text.trim().split("\n").map((line) => decodeLine(line).event);
  });
  return events;
}

const facts = (events: Awaited<ReturnType<typeof eventsOf>>) =>
  events.map(({ type, kind, head, seq, stream }) => ({ type, kind, head, seq, stream }));

Deno.test("run: an inference server gives the same events as this machine, with least permissions too", async () => {
  const folder = await findModel("denseav-mini", Deno.cwd());
  await using server = await OipServer.open(folder);
  const local = await eventsOf("auto");
  assert.ok(local.length > 10);
  const same = (remote: typeof local) => {
    assert.deepEqual(facts(remote), facts(local));
    remote.forEach((event, i) => {
      assert.ok(
        Math.abs(event.score - local[i].score) < 0.001,
        `${event.score}, ${local[i].score}`,
      );
      event.peak?.forEach((part, axis) => {
        assert.ok(Math.abs(part - local[i].peak![axis]) < 0.01);
      });
    });
  };
  same(await eventsOf(server.library, "--least-permissions"));
  assert.ok(server.requests.includes("/v2/models/denseav-mini-image/infer"));
  assert.ok(server.requests.includes("/v2/models/denseav-mini-audio/infer"));
  await using grpc = await OipServer.open(folder, { protocol: "grpc" });
  same(await eventsOf(grpc.library, "--least-permissions"));
  assert.ok(grpc.requests.includes("/inference.GRPCInferenceService/ModelInfer"));
});

Deno.test("check and doctor show the state of an inference server", async () => {
  const folderOf = await findModel("denseav-mini", Deno.cwd());
  const text = pipeline(`oip+http://127.0.0.1:${freePort()}`);
  await withFiles({ "front.yaml": text }, async (folder) => {
    const file = join(folder, "front.yaml");
    const absent = await whence(["check", file]);
    assert.equal(absent.code, 2);
    assert.match(
      absent.stderr,
      /front\.yaml:3:21: Cannot use http:\/\/127\.0\.0\.1:\d+: connection refused$/m,
    );
    await using server = await OipServer.open(folderOf);
    const here = ["--set", `runtime.library=${server.library}`];
    const found = await whence(["check", file, ...here]);
    assert.equal(found.code, 0, found.stderr);
    const state = "test-server 1\\.2, ready: denseav-mini-image, denseav-mini-audio";
    assert.match(found.stdout, new RegExp(`encoders on http://127.0.0.1:${server.port}: ${state}`));
    assert.match(found.stdout, new RegExp(`^ *--allow-net=.*127\\.0\\.0\\.1:${server.port}`, "m"));
    const doctor = await whence(["doctor", file, ...here]);
    assert.match(doctor.stdout, new RegExp(`oip\\+http://127.0.0.1:${server.port}.*${state}`));
    const dead = await whence(["doctor", file]);
    assert.equal(dead.code, 1);
    assert.match(dead.stdout, /Inference server/);
    assert.match(dead.stdout, /oip\+http.*Cannot use http:.*connection refused/);
    const grpc = await whence(["check", file, "--set", "runtime.library=oip+grpc://127.0.0.1"]);
    assert.equal(grpc.code, 2);
    assert.match(grpc.stderr, /Cannot use oip\+grpc:\/\/127\.0\.0\.1: .*oip\+grpc:\/\/HOST:PORT/);
  });
});
