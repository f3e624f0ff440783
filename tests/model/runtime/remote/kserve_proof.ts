/** Opt-in: KServe's real server runs an exported repository, restarts, and gives local results. `deno task test:kserve`. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadModel } from "../../../../src/model/encoders.ts";
import { exportRepository } from "../../../../src/model/export_repository.ts";
import { findModel } from "../../../../src/model/find_model.ts";
import { probeServer, serverText } from "../../../../src/model/runtime/remote/probe_server.ts";
import { UnavailableError } from "../../../../src/model/unavailable_error.ts";
import { freePort } from "../../../support/free_port.ts";
import { pythonWith } from "../../../support/python_with.ts";
import { openCpu } from "../../open_cpu.ts";

const SCRIPT = fileURLToPath(new URL("kserve_server.py", import.meta.url));
const PACKAGES = ["kserve==0.21.0", "onnxruntime==1.32.0", "tritonclient[grpc]==2.73.0"];
/** Its imports take long on a busy machine, ms. */
const START_LIMIT_MS = 180_000;

/** KServe in a process of its own, ready. */
class KServe implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  #ended = false;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    process.status.then(() => this.#ended = true);
  }

  static async start(
    python: string,
    repository: string,
    port: number,
    grpcPort: number,
  ): Promise<KServe> {
    const process = new Deno.Command(python, {
      args: [SCRIPT, repository, String(port), String(grpcPort)],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const server = new KServe(process);
    const startMs = performance.now();
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}/v2/health/ready`).catch(() => null);
      await response?.body?.cancel();
      if (response?.ok) return server;
      if (server.#ended || performance.now() - startMs > START_LIMIT_MS) {
        await server[Symbol.asyncDispose]();
        throw new Error("KServe did not start");
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

const python = await pythonWith("kserve", PACKAGES);

Deno.test({
  name: "KServe runs an exported repository, with local results, over a restart",
  ignore: python === undefined,
  async fn() {
    const folder = await findModel("denseav-mini", Deno.cwd());
    const { manifest } = folder;
    const repository = await Deno.makeTempDir({ prefix: "repository-" });
    const local = await openCpu();
    const here = await loadModel(folder, local);
    const [port, grpcPort] = [freePort(), freePort()];
    const start = () => KServe.start(python!, repository, port, grpcPort);
    let server: KServe | undefined;
    try {
      await exportRepository(folder, local, repository, {
        maxBatch: 8,
        maxDelayUs: 2000,
        tensorrt: "fp16",
      });
      const size = manifest.image.width * manifest.image.height * 3;
      const frames = Uint8Array.from({ length: 2 * size }, (_, i) => (i * i) % 251);
      const waveform = Float32Array.from({ length: 32000 }, (_, i) => Math.sin(i / 7) / 3);
      const near = await here.encodeImages(frames, 2);
      const sound = await here.encodeAudio(waveform);
      for (const library of [`oip+http://127.0.0.1:${port}`, `oip+grpc://127.0.0.1:${grpcPort}`]) {
        server ??= await start();
        console.log(library, serverText(await probeServer(library, manifest)));
        const remote = await openCpu(library);
        const there = await loadModel(folder, remote);
        const compare = async () => {
          const far = await there.encodeImages(frames, 2);
          const heard = await there.encodeAudio(waveform);
          const distances = [
            distance(far.features, near.features),
            distance(heard.features, sound.features),
            distance(heard.presence!, sound.presence!),
          ];
          console.log("relative L2 to local:", distances);
          distances.forEach((d) => assert.ok(d < 1e-3));
        };
        await compare();
        await server[Symbol.asyncDispose]();
        await assert.rejects(there.encodeAudio(waveform), UnavailableError);
        server = await start();
        await compare();
        await there.release();
        await remote.close();
      }
    } finally {
      await server?.[Symbol.asyncDispose]();
      await here.release();
      await local.close();
      await Deno.remove(repository, { recursive: true });
    }
  },
});

function distance(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  assert.ok(norm(b) > 0);
  return norm(a.map((value, i) => value - b[i])) / norm(b);
}
