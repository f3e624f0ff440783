import assert from "node:assert/strict";
import { ModelError } from "../../../../src/model/manifest.ts";
import { probeServer } from "../../../../src/model/runtime/remote/probe_server.ts";
import { UnavailableError } from "../../../../src/model/unavailable_error.ts";
import { inFolder } from "../../../importer/temporary_folder.ts";
import { makeCertificates } from "../../../support/certificates.ts";
import { eventually } from "../../../support/eventually.ts";
import { freePort } from "../../../support/free_port.ts";
import { TcpProxy } from "../../../support/tcp_proxy.ts";
import { openCpu } from "../../open_cpu.ts";
import { OipServer, type ServerBends } from "./oip_server.ts";
import {
  assertRefused,
  FRAME,
  near,
  versionWith,
  WAVE,
  withEncoders,
  withModel,
} from "./remote_encoders.ts";

Deno.test("gRPC: a server gives the same features as this machine, as bytes and as lists of numbers", async () => {
  await withModel(async (folder) => {
    await using bytes = await OipServer.open(folder, { protocol: "grpc", versions: ["1"] });
    await using lists = await OipServer.open(folder, { protocol: "grpc", lists: true });
    const results: Float32Array[][] = [];
    for (const library of ["auto", bytes.library, lists.library]) {
      await withEncoders(folder, library, async (encoders) => {
        const image = await encoders.encodeImages(FRAME, 1);
        const audio = await encoders.encodeAudio(WAVE);
        results.push([image.features, audio.features]);
      });
    }
    for (const remote of results.slice(1)) remote.forEach((got, i) => near(got, results[0][i]));
    assert.ok(bytes.requests.includes("/inference.GRPCInferenceService/ModelInfer"));
    assert.deepEqual(await probeServer(bytes.library, folder.manifest), {
      url: `grpc://127.0.0.1:${bytes.port}`,
      name: "test-server",
      version: "1.2",
      models: ["few-nodes-image", "few-nodes-audio"],
    });
  });
});

Deno.test("gRPC: a server that shuts down finishes the calls under way, round after round", async () => {
  await withModel(async (folder) => {
    let server = await OipServer.open(folder, { protocol: "grpc", delayMs: 100 });
    const { library, port } = server;
    await withEncoders(folder, library, async (encoders) => {
      const expected = await encoders.encodeAudio(WAVE);
      for (let round = 0; round < 5; round++) {
        const seen = server.requests.length;
        const calls = Array.from({ length: 8 }, () => encoders.encodeAudio(WAVE));
        await eventually("8 calls are under way", () => server.requests.length === seen + 8);
        await server.shutDown();
        for (const result of await Promise.all(calls)) assert.deepEqual(result, expected);
        await assert.rejects(encoders.encodeAudio(WAVE), UnavailableError);
        server = await OipServer.open(folder, { protocol: "grpc", delayMs: 100, port });
        assert.deepEqual(await encoders.encodeAudio(WAVE), expected);
      }
    });
    await server[Symbol.asyncDispose]();
  });
});

Deno.test("gRPC: calls share one connection, and messages may be larger than 4 MB", async () => {
  await withModel(async (folder) => {
    await using server = await OipServer.open(folder, { protocol: "grpc" });
    await using proxy = new TcpProxy(server.port);
    const library = `oip+grpc://127.0.0.1:${proxy.port}`;
    await withEncoders(folder, library, async (encoders) => {
      const one = await encoders.encodeImages(FRAME, 1);
      const count = 180_000;
      const frames = new Uint8Array(count * FRAME.length);
      for (let n = 0; n < count; n++) frames.set(FRAME, n * FRAME.length);
      assert.ok(frames.length > 4 * 2 ** 20);
      const all = await Promise.all([
        encoders.encodeImages(frames, count),
        ...Array.from({ length: 8 }, () => encoders.encodeImages(FRAME, 1)),
      ]);
      for (const { features } of all.slice(1)) near(features, one.features);
      assert.equal(all[0].features.length, count * one.features.length);
      near(all[0].features.slice(-one.features.length), one.features);
    });
    assert.equal(proxy.connections, 1);
  });
});

Deno.test("gRPC: a dead connection is replaced after the first call that is late", async () => {
  await withModel(async (folder) => {
    await using server = await OipServer.open(folder, { protocol: "grpc" });
    await using proxy = new TcpProxy(server.port);
    const runtime = await openCpu(`oip+grpc://127.0.0.1:${proxy.port}`);
    const session = await runtime.createSession("audio.onnx", {
      name: "few-nodes-audio",
      version: 1,
    });
    const run = () => session.run({ waveform: { type: "float32", dims: [1, 8], data: WAVE } });
    await run();
    proxy.strand();
    session.limitRuns(200);
    await assert.rejects(run(), {
      name: "UnavailableError",
      message: /must respond within 0\.2 s$/,
    });
    session.limitRuns(60_000);
    assert.ok((await run()).features.data.length > 0);
    assert.equal(proxy.connections, 2);
    await session.release();
    await runtime.close();
  });
});

Deno.test("gRPC: faults of a server are one line", async (t) => {
  await withModel(async (folder) => {
    const cases: [string, ServerBends, RegExp][] = [
      ["still loading", { loading: true }, /^Cannot use grpc:.*: the server is not ready$/],
      ["another version", { versions: ["7"] }, /version must be 1 as in model.yaml, got 7$/],
      ["another shape", { cut: 1 }, /output features must be \[1, 4, 1, 2\].*got \[1, 3, 1, 2\]$/],
      [
        "a rejected request",
        { firstStatus: 400 },
        /: the server returned INVALID_ARGUMENT: try again$/,
      ],
    ];
    for (const [name, bends, pattern] of cases) {
      await t.step(name, () => assertRefused(folder, { protocol: "grpc", ...bends }, pattern));
    }
    await t.step("another model", async () => {
      await using server = await OipServer.open(folder, { protocol: "grpc" });
      const other = { ...folder.manifest, name: "other" };
      await assert.rejects(probeServer(server.library, other), {
        name: "ModelError",
        message:
          /^Cannot use other-image on .*: the server returned NOT_FOUND: unknown model \(whence model export/,
      });
    });
    await t.step("no server", async () => {
      const library = `oip+grpc://127.0.0.1:${freePort()}`;
      await assert.rejects(openCpu(library), {
        name: "UnavailableError",
        message: /^Cannot use grpc:\/\/127\.0\.0\.1:\d+: connection refused$/,
      });
    });
    await t.step("a server of HTTP", async () => {
      await using http = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        () => new Response("no", { status: 404 }),
      );
      await assert.rejects(openCpu(`oip+grpc://127.0.0.1:${http.addr.port}`), (error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, /^Cannot use grpc:[^\n]*$/);
        return true;
      });
    });
  });
});

Deno.test("gRPC over TLS: an unknown authority is one line, DENO_CERT adds one", async () => {
  await inFolder(async (folder) => {
    const { ca, serverCert, serverKey } = await makeCertificates(folder);
    await withModel(async (model) => {
      const tls = {
        cert: await Deno.readTextFile(serverCert),
        key: await Deno.readTextFile(serverKey),
      };
      await using server = await OipServer.open(model, { protocol: "grpc", tls });
      await assert.rejects(openCpu(server.library), {
        name: "UnavailableError",
        message: /^Cannot use grpcs:.*: certificate rejected \(UnknownIssuer\)$/,
      });
      assert.equal(await versionWith(ca, server.library), "test-server 1.2\n");
    });
  });
});
