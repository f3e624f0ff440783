import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { findModel } from "../../../../src/model/find_model.ts";
import { ModelError } from "../../../../src/model/manifest.ts";
import { probeServer } from "../../../../src/model/runtime/remote/probe_server.ts";
import { UnavailableError } from "../../../../src/model/unavailable_error.ts";
import { inFolder } from "../../../importer/temporary_folder.ts";
import { makeCertificates } from "../../../support/certificates.ts";
import { freePort } from "../../../support/free_port.ts";
import { openCpu } from "../../open_cpu.ts";
import { type GrpcServerBends, OipGrpcServer } from "./oip_grpc_server.ts";
import { FRAME, miniFeatures, near, WAVE, withEncoders, withModel } from "./remote_encoders.ts";

Deno.test("gRPC: denseav-mini gives the same features on a server as locally", async () => {
  const folder = await findModel("denseav-mini", Deno.cwd());
  await using server = await OipGrpcServer.open(folder, { versions: ["4"] });
  const local = await miniFeatures(folder, "auto");
  const remote = await miniFeatures(folder, server.library);
  near(remote.image, local.image);
  near(remote.audio, local.audio);
  near(remote.presence!, local.presence!);
  assert.ok(server.requests.includes("ModelInfer denseav-mini-image"));
  const probe = await probeServer(server.library, folder.manifest);
  assert.equal(probe.url, `grpc://127.0.0.1:${server.port}`);
  assert.deepEqual([probe.name, probe.version], ["test-server", "1.2"]);
});

Deno.test("gRPC: lists of numbers are read too", async () => {
  await withModel(async (folder) => {
    await using server = await OipGrpcServer.open(folder, { lists: true });
    const results: Float32Array[] = [];
    for (const library of ["auto", server.library]) {
      await withEncoders(folder, library, async (encoders) => {
        results.push((await encoders.encodeImages(FRAME, 1)).features);
      });
    }
    near(results[1], results[0]);
  });
});

Deno.test("gRPC: a server that restarts is used again, without loading the model again", async () => {
  await withModel(async (folder) => {
    const first = await OipGrpcServer.open(folder);
    const { library, port } = first;
    await withEncoders(folder, library, async (encoders) => {
      const before = await encoders.encodeAudio(WAVE);
      await first[Symbol.asyncDispose]();
      await assert.rejects(encoders.encodeAudio(WAVE), (error) => {
        assert.ok(error instanceof UnavailableError);
        assert.match(
          error.message,
          /^Cannot run few-nodes-audio on grpc:\/\/127\.0\.0\.1:\d+: connection refused$/,
        );
        return true;
      });
      await using _second = await OipGrpcServer.open(folder, { port });
      for (let tries = 1;; tries++) {
        try {
          assert.deepEqual(await encoders.encodeAudio(WAVE), before);
          return;
        } catch (error) {
          if (!(error instanceof UnavailableError) || tries === 50) throw error;
        }
      }
    });
  });
});

Deno.test("gRPC: a busy server is tried a second time", async () => {
  await withModel(async (folder) => {
    await using server = await OipGrpcServer.open(folder, { firstStatus: status.UNAVAILABLE });
    await withEncoders(folder, server.library, async () => {});
    const runs = server.requests.filter((request) => request === "ModelInfer few-nodes-image");
    assert.equal(runs.length, 2);
  });
});

Deno.test("gRPC: a request ends at its deadline, and the next one is served", async () => {
  await withModel(async (folder) => {
    const slow = await OipGrpcServer.open(folder, { delayMs: 60_000 });
    const { library, port } = slow;
    const runtime = await openCpu(library);
    const session = await runtime.createSession("audio.onnx", {
      name: "few-nodes-audio",
      version: 1,
    });
    const run = () => session.run({ waveform: { type: "float32", dims: [1, 8], data: WAVE } });
    session.limitRuns(200);
    await assert.rejects(run(), (error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(
        error.message,
        /^Cannot run few-nodes-audio on .*: it must respond within 0\.2 s$/,
      );
      return true;
    });
    await slow[Symbol.asyncDispose]();
    await using _quick = await OipGrpcServer.open(folder, { port });
    session.limitRuns(60_000);
    assert.ok((await run()).features.data.length > 0);
    await session.release();
    await runtime.close();
  });
});

Deno.test("gRPC: faults of a server are one line", async (t) => {
  await withModel(async (folder) => {
    const cases: [string, GrpcServerBends, RegExp][] = [
      ["still loading", { loading: true }, /^Cannot use grpc:.*: the server is not ready$/],
      ["another version", { versions: ["7"] }, /version must be 1 as in model.yaml, got 7$/],
      ["another shape", { cut: 1 }, /output features must be \[1, 4, 1, 2\].*got \[1, 3, 1, 2\]$/],
      [
        "a rejected request",
        { firstStatus: status.INVALID_ARGUMENT },
        /: the server returned INVALID_ARGUMENT: try again$/,
      ],
    ];
    for (const [name, bends, pattern] of cases) {
      await t.step(name, async () => {
        await using server = await OipGrpcServer.open(folder, bends);
        await assert.rejects(withEncoders(folder, server.library, async () => {}), (error) => {
          assert.ok(error instanceof ModelError);
          assert.match(error.message, pattern);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        });
      });
    }
    await t.step("another model", async () => {
      await using server = await OipGrpcServer.open(folder);
      const other = { ...folder.manifest, name: "other" };
      await assert.rejects(probeServer(server.library, other), {
        name: "ModelError",
        message: /^Cannot use other-image on .*: the server returned NOT_FOUND: unknown model/,
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
        ca: await Deno.readFile(ca),
        cert: await Deno.readFile(serverCert),
        key: await Deno.readFile(serverKey),
      };
      await using server = await OipGrpcServer.open(model, { tls });
      await assert.rejects(openCpu(server.library), {
        name: "UnavailableError",
        message: /^Cannot use grpcs:.*: certificate rejected \(.*\)$/,
      });
      const script = join(folder, "open.ts");
      const openCpuUrl = new URL("../../open_cpu.ts", import.meta.url);
      await Deno.writeTextFile(
        script,
        `const { openCpu } = await import("${openCpuUrl}");
        const runtime = await openCpu("${server.library}");
        console.log(runtime.version);
        await runtime.close();`,
      );
      const config = fileURLToPath(new URL("../../../../deno.json", import.meta.url));
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-A", "--config", config, script],
        env: { DENO_CERT: ca },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assert.equal(text(stdout), "test-server 1.2\n", text(stderr));
    });
  });
});
