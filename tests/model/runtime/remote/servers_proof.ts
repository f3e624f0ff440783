/**
 * Opt-in: real inference servers run an exported repository, with local results. `deno task test:servers`.
 */
import assert from "node:assert/strict";
import { loadModel } from "../../../../src/model/encoders.ts";
import { exportRepository } from "../../../../src/model/export_repository.ts";
import { findModel } from "../../../../src/model/find_model.ts";
import { ModelError } from "../../../../src/model/manifest.ts";
import { parseOipAddress } from "../../../../src/model/runtime/remote/oip_address.ts";
import { openOipClient } from "../../../../src/model/runtime/remote/open_oip_client.ts";
import { probeServer, serverText } from "../../../../src/model/runtime/remote/probe_server.ts";
import { servedAudio } from "../../../../src/model/served_models.ts";
import { UnavailableError } from "../../../../src/model/unavailable_error.ts";
import { eventsOf, sameEvents } from "../../../cli/run/remote_events.ts";
import { freePort } from "../../../support/free_port.ts";
import { openCpu } from "../../open_cpu.ts";
import { pythonOf, PythonServer, type ServerName } from "./python_server.ts";

const SERVERS = [
  { name: "kserve", protocols: ["grpc", "http"] },
  // Its HTTP does not have the extension for tensors as bytes. Each picture becomes a list of Python, which takes too long for a clip.
  { name: "mlserver", protocols: ["grpc"] },
] as const;

for (const { name, protocols } of SERVERS) {
  const python = await pythonOf(name);
  Deno.test({
    name: `${name} runs an exported repository, with local results, over restarts`,
    ignore: python === undefined,
    fn: () => prove(name, protocols, python!),
  });
}

async function prove(
  name: ServerName,
  protocols: readonly string[],
  python: string,
): Promise<void> {
  const folder = await findModel("denseav-mini", Deno.cwd());
  const { manifest } = folder;
  const repository = await Deno.makeTempDir({ prefix: "repository-" });
  const local = await openCpu();
  const here = await loadModel(folder, local);
  const ports = [freePort(), freePort()] as const;
  const start = () => PythonServer.start(python, name, repository, ports);
  let server: PythonServer | undefined;
  try {
    await exportRepository(folder, local, repository, {
      maxBatch: 8,
      maxDelayUs: 2000,
      tensorrt: "fp16",
    });
    const size = manifest.image.width * manifest.image.height * 3;
    const frames = Uint8Array.from({ length: 2 * size }, (_, i) => (i * i) % 251);
    const waveform = Float32Array.from({ length: 32000 }, (_, i) => Math.sin(i / 7) / 3);
    const image = await here.encodeImages(frames, 2);
    const sound = await here.encodeAudio(waveform);
    const events = name === "mlserver" ? undefined : await eventsOf("auto");
    for (const protocol of protocols) {
      const library = `oip+${protocol}://127.0.0.1:${ports[protocol === "http" ? 0 : 1]}`;
      server ??= await start();
      console.log(library, serverText(await probeServer(library, manifest)));
      const remote = await openCpu(library);
      const there = await loadModel(folder, remote);
      const compare = async () => {
        const far = await there.encodeImages(frames, 2);
        const heard = await there.encodeAudio(waveform);
        const distances = [
          distance(far.features, image.features),
          distance(heard.features, sound.features),
          distance(heard.presence!, sound.presence!),
        ];
        console.log("relative L2 to local:", distances);
        distances.forEach((d) => assert.ok(d < 1e-3));
      };
      await compare();
      console.log(
        "unknown model:",
        await faultOf(probeServer(library, { ...manifest, name: "x" })),
      );
      console.log("wrong shape:", await faultOf(runWrongShape(library, servedAudio(manifest))));
      if (events !== undefined) {
        sameEvents(await eventsOf(library), events);
        console.log("the demo clip's events:", events.length);
      }
      await server[Symbol.asyncDispose]();
      await assert.rejects(there.encodeAudio(waveform), UnavailableError);
      for (let round = 0; round < 3; round++) {
        server = await start();
        await compare();
        const calls = Promise.allSettled(
          Array.from({ length: 8 }, () => there.encodeAudio(waveform)),
        );
        await new Promise((resolve) => setTimeout(resolve, 30 * round));
        await server.terminate();
        const results = await calls;
        for (const result of results) {
          if (result.status === "fulfilled") continue;
          assert.ok(result.reason instanceof UnavailableError, result.reason);
        }
        const served = results.filter(({ status }) => status === "fulfilled").length;
        console.log("shut down with 8 calls under way, served:", served);
      }
      server = undefined;
      await there.release();
      await remote.close();
    }
  } finally {
    await server?.[Symbol.asyncDispose]();
    await here.release();
    await local.close();
    await Deno.remove(repository, { recursive: true });
  }
}

/** What a server says of a request that Whence itself would not send. */
async function runWrongShape(library: string, served: ReturnType<typeof servedAudio>) {
  const client = await openOipClient(parseOipAddress(library));
  try {
    const facts = await client.model(served);
    const data = new Float32Array(12);
    const feeds = { [facts.inputs[0].name]: { type: "float32", dims: [2, 2, 3], data } } as const;
    await client.infer(served.name, facts, feeds, 10_000);
  } finally {
    client.close();
  }
}

/** The one line of an error that a server causes. */
async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (error) => error);
  assert.ok(error instanceof ModelError, error);
  assert.doesNotMatch(error.message, /\n/);
  return error.message;
}

function distance(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  assert.ok(norm(b) > 0);
  return norm(a.map((value, i) => value - b[i])) / norm(b);
}
