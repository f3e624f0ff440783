import assert from "node:assert/strict";
import { join } from "node:path";
import { withFiles } from "../../config/pipeline_file.ts";
import { freePort } from "../../support/free_port.ts";
import { eventually } from "../../support/eventually.ts";
import { findModel } from "../../../src/model/find_model.ts";
import { OipServer } from "../../model/runtime/remote/oip_server.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";
import { whence } from "../whence.ts";
import { eventsOf, remotePipeline, sameEvents } from "./remote_events.ts";

Deno.test("run: an inference server gives the same events as this machine, with least permissions too", async () => {
  await using server = await OipServer.open(await findModel("denseav-mini", Deno.cwd()));
  await using proxy = new TcpProxy(server.port);
  const local = await eventsOf("auto");
  sameEvents(await eventsOf(server.library, "--least-permissions"), local);
  assert.ok(server.requests.includes("/v2/models/denseav-mini-image/infer"));
  assert.ok(server.requests.includes("/v2/models/denseav-mini-audio/infer"));
  // The server goes away three times in the middle of a run.
  const seen = server.requests.length;
  let ended = false;
  const cuts = (async () => {
    for (const count of [40, 80, 120]) {
      await eventually(
        "the run goes on",
        () => ended || server.requests.length > seen + count,
        600_000,
      );
      proxy.cut();
    }
  })();
  const library = `oip+grpc://127.0.0.1:${proxy.port}`;
  const remote = await eventsOf(library, "--least-permissions").finally(() => ended = true);
  await cuts;
  sameEvents(remote, local);
  assert.equal(proxy.connections, 4);
  assert.ok(server.requests.includes("/inference.GRPCInferenceService/ModelInfer"));
});

Deno.test("check and doctor show the state of an inference server", async () => {
  const folderOf = await findModel("denseav-mini", Deno.cwd());
  const text = remotePipeline(`oip+http://127.0.0.1:${freePort()}`);
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
