import assert from "node:assert/strict";
import { findModel } from "../../../../src/model/find_model.ts";
import type { ModelFolder } from "../../../../src/model/manifest.ts";
import { UnavailableError } from "../../../../src/model/unavailable_error.ts";
import { probeServer } from "../../../../src/model/runtime/remote/probe_server.ts";
import { Similarity } from "../../../../src/grounding/similarity.ts";
import { inFolder } from "../../../importer/temporary_folder.ts";
import { makeCertificates } from "../../../support/certificates.ts";
import { CHANNELS } from "../../model_folder.ts";
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

Deno.test("denseav-mini gives the same features on a server as locally", async () => {
  const folder = await findModel("denseav-mini", Deno.cwd());
  await using server = await OipServer.open(folder, { versions: ["4"] });
  const local = await miniFeatures(folder, "auto");
  const remote = await miniFeatures(folder, server.library);
  near(remote.image, local.image);
  near(remote.audio, local.audio);
  near(remote.presence!, local.presence!);
  assert.ok(server.requests.includes("/v2/models/denseav-mini-image/versions/4/infer"));
});

Deno.test("the similarity is computed locally", async () => {
  await withModel(async (folder) => {
    await using server = await OipServer.open(folder);
    const runtime = await openCpu(server.library);
    const similarity = await Similarity.load(runtime, {
      channels: CHANNELS,
      heads: 2,
      gridWidth: 2,
      gridHeight: 1,
      classToken: false,
    });
    assert.equal(similarity.provider, "cpu");
    await similarity.warmUp();
    assert.deepEqual(server.requests, ["/v2/health/ready", "/v2"]);
    await similarity.release();
    await runtime.close();
  });
});

Deno.test("numbers in JSON are read too", async () => {
  await withModel(async (folder) => {
    await using server = await OipServer.open(folder, { lists: true });
    const results: Float32Array[] = [];
    for (const library of ["auto", server.library]) {
      await withEncoders(folder, library, async (encoders) => {
        results.push((await encoders.encodeImages(FRAME, 1)).features);
      });
    }
    near(results[1], results[0]);
  });
});

for (const protocol of ["http", "grpc"] as const) {
  Deno.test(`${protocol}: a server that restarts is used again, without loading the model again`, async () => {
    await withModel(async (folder) => {
      const first = await OipServer.open(folder, { protocol });
      const { library, port } = first;
      await withEncoders(folder, library, async (encoders) => {
        const before = await encoders.encodeAudio(WAVE);
        await first[Symbol.asyncDispose]();
        await assert.rejects(encoders.encodeAudio(WAVE), (error) => {
          assert.ok(error instanceof UnavailableError);
          assert.match(
            error.message,
            /^Cannot run few-nodes-audio on \w+:\/\/127\.0\.0\.1:\d+: connection refused$/,
          );
          return true;
        });
        const second = await OipServer.open(folder, { protocol, port });
        assert.deepEqual(await encoders.encodeAudio(WAVE), before);
        // The connection that was kept open is dead: the second try opens another.
        await second[Symbol.asyncDispose]();
        await using _third = await OipServer.open(folder, { protocol, port });
        assert.deepEqual(await encoders.encodeAudio(WAVE), before);
      });
    });
  });

  Deno.test(`${protocol}: a busy server is tried a second time`, async () => {
    await withModel(async (folder) => {
      const runs = async (bends: ServerBends) => {
        await using server = await OipServer.open(folder, { protocol, ...bends });
        await withEncoders(folder, server.library, async () => {});
        return server.requests.filter((path) => /infer$/i.test(path)).length;
      };
      const usual = await runs({});
      assert.equal(await runs({ firstStatus: 503 }), usual + 1);
      // As KServe says of its models while it shuts down.
      assert.equal(await runs({ firstStatus: 404 }), usual + 1);
    });
  });

  Deno.test(`${protocol}: a request ends at its deadline`, async () => {
    await withModel(async (folder) => {
      await using server = await OipServer.open(folder, { protocol, delayMs: 60_000 });
      const runtime = await openCpu(server.library);
      const session = await runtime.createSession("audio.onnx", {
        name: "few-nodes-audio",
        version: 1,
      });
      session.limitRuns(100);
      await assert.rejects(
        session.run({ waveform: { type: "float32", dims: [1, 8], data: WAVE } }),
        (error) => {
          assert.ok(error instanceof UnavailableError);
          assert.match(
            error.message,
            /^Cannot run few-nodes-audio on .*: it must respond within 0\.1 s$/,
          );
          return true;
        },
      );
      await session.release();
      await runtime.close();
    });
  });
}

Deno.test("faults of a server are one line", async (t) => {
  await withModel(async (folder) => {
    const cases: [string, ServerBends, RegExp][] = [
      ["still loading", { loading: true }, /^Cannot use http:.*: the server returned HTTP 503$/],
      [
        "another version",
        { versions: ["7", "8"] },
        /version must be 1 as in model.yaml, got 7, 8$/,
      ],
      [
        "another input",
        { rename: (name) => name === "frames" ? "pixels" : name },
        /only input must be frames, got pixels too$/,
      ],
      [
        "an output of another shape than declared",
        { cut: 1 },
        /image.onnx: output features must be \[1, 4, 1, 2\] as in model.yaml, got \[1, 3, 1, 2\]$/,
      ],
      ["a rejected request", { firstStatus: 400 }, /the server returned HTTP 400: try again$/],
    ];
    for (const [name, bends, pattern] of cases) {
      await t.step(name, () => assertRefused(folder, bends, pattern));
    }
    await t.step("another model", async () => {
      await using server = await OipServer.open(folder);
      const other = { ...folder.manifest, name: "other" };
      await assert.rejects(probeServer(server.library, other), {
        name: "ModelError",
        message: /^Cannot use other-image on .*: the server returned HTTP 404: unknown model \(/,
      });
    });
    await t.step("a grid that differs from model.yaml", async () => {
      await using server = await OipServer.open(folder);
      const { image } = folder.manifest;
      const other = { ...folder.manifest, image: { ...image, width: 8 } };
      await assert.rejects(probeServer(server.library, other), {
        name: "ModelError",
        message: /input frames must be \[\?, 2, 8, 3\] as in model.yaml, got \[\?, 2, 4, 3\]$/,
      });
    });
  });
});

Deno.test("a server of another protocol is one line", async () => {
  await using http = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new URL(request.url).pathname === "/v2/health/ready"
        ? new Response("ok")
        : new Response("no", { status: 404 }),
  );
  await assert.rejects(openCpu(`oip+http://127.0.0.1:${http.addr.port}`), {
    name: "ModelError",
    message: /must be a server of the Open Inference Protocol v2, got HTTP 404 from \/v2$/,
  });
});

Deno.test("a certificate of an unknown authority is one line, and a gateway's path is kept", async () => {
  await inFolder(async (folder) => {
    const { ca, serverCert, serverKey } = await makeCertificates(folder);
    const paths: string[] = [];
    await using http = Deno.serve({
      port: 0,
      hostname: "127.0.0.1",
      cert: await Deno.readTextFile(serverCert),
      key: await Deno.readTextFile(serverKey),
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    }, (request) => {
      paths.push(new URL(request.url).pathname);
      return Response.json({ name: "gate", version: "1" });
    });
    const library = `oip+https://127.0.0.1:${http.addr.port}/robots`;
    await assert.rejects(openCpu(library), {
      name: "UnavailableError",
      message: /^Cannot use https:.*\/robots: .*certificate.*$/i,
    });
    assert.equal(await versionWith(ca, library), "gate 1\n");
    assert.deepEqual(paths, ["/robots/v2/health/ready", "/robots/v2"]);
  });
});

/** Features of one picture and 2 s of sound in shared memory by denseav-mini. */
async function miniFeatures(folder: ModelFolder, library: string) {
  const { width, height } = folder.manifest.image;
  const frames = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i) % 251);
  const waveform = new Float32Array(new SharedArrayBuffer(32000 * 4));
  waveform.set(Float32Array.from({ length: 32000 }, (_, i) => Math.sin(i / 7) / 3));
  const results: { image: Float32Array; audio: Float32Array; presence?: Float32Array }[] = [];
  await withEncoders(folder, library, async (encoders) => {
    const image = await encoders.encodeImages(frames, 1);
    const { features, presence } = await encoders.encodeAudio(waveform);
    results.push({ image: image.features, audio: features, presence });
  });
  return results[0];
}
