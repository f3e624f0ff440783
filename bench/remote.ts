import { fileURLToPath } from "node:url";
import { loadModel } from "../src/model/encoders.ts";
import { exportRepository } from "../src/model/export_repository.ts";
import { findModel } from "../src/model/find_model.ts";
import type { ModelFolder } from "../src/model/manifest.ts";
import { freePort } from "../tests/support/free_port.ts";
import { pythonOf, PythonServer } from "../tests/model/runtime/remote/python_server.ts";
import { openCpu } from "../tests/model/open_cpu.ts";
import { type BenchOptions, type BenchReport, type Figure, median } from "./report.ts";

const MODELS = fileURLToPath(new URL("../models", import.meta.url));
const CAMERAS = [1, 4, 16];

/** What is measured. */
export interface RemoteOptions extends BenchOptions {
  /** Only this number of cameras. */
  readonly cameras?: number;
}

interface Measured {
  /** Of one hop: a frame and a window of sound, both at once. */
  readonly hopMs: number;
  readonly hopsPerSecond: number;
}

/** Encoders on this machine against the same on a server, which is KServe on this machine, over HTTP and over gRPC. */
export async function bench({ quick, cameras: only }: RemoteOptions): Promise<BenchReport> {
  const python = await pythonOf("kserve");
  if (python === undefined) throw new Error("Cannot run remote: KServe is not installed");
  const folder = await findModel("denseav-mini", MODELS);
  const repository = await Deno.makeTempDir({ prefix: "repository-" });
  const hops = quick ? 4 : 12;
  try {
    const runtime = await openCpu();
    await exportRepository(folder, runtime, repository, { maxBatch: 16, maxDelayUs: 2000 });
    await runtime.close();
    const ports = [freePort(), freePort()] as const;
    await using _server = await PythonServer.start(python, "kserve", repository, ports);
    const [http, grpc] = [`oip+http://127.0.0.1:${ports[0]}`, `oip+grpc://127.0.0.1:${ports[1]}`];
    const figures: Figure[] = [];
    for (const cameras of only === undefined ? CAMERAS : [only]) {
      const local = await measure(folder, "auto", cameras, hops);
      for (const [name, library] of [["HTTP", http], ["gRPC", grpc]] as const) {
        const remote = await measure(folder, library, cameras, hops);
        const figure = (what: string, unit: string, key: keyof Measured) => ({
          what: `${cameras} camera${cameras > 1 ? "s" : ""}, ${name}: ${what}`,
          unit,
          value: remote[key],
          baseline: { what: "local", value: local[key] },
        });
        figures.push(figure("one hop", "ms", "hopMs"), figure("hops", "/s", "hopsPerSecond"));
      }
    }
    return {
      name: "remote",
      basis: `median of ${hops} hops per camera, server with one thread`,
      figures,
    };
  } finally {
    await Deno.remove(repository, { recursive: true });
  }
}

/** All cameras encode a frame and 2 s of sound again and again, each as soon as its last ones are done. */
async function measure(
  folder: ModelFolder,
  library: string,
  cameras: number,
  hops: number,
): Promise<Measured> {
  const runtime = await openCpu(library);
  const encoders = await loadModel(folder, runtime);
  const { width, height } = folder.manifest.image;
  const frame = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i) % 251);
  const waveform = Float32Array.from({ length: 32000 }, (_, i) => Math.sin(i / 7) / 3);
  const times: number[] = [];
  const startMs = performance.now();
  await Promise.all(Array.from({ length: cameras }, async () => {
    for (let hop = 0; hop < hops; hop++) {
      const beganMs = performance.now();
      await Promise.all([encoders.encodeImages(frame, 1), encoders.encodeAudio(waveform)]);
      times.push(performance.now() - beganMs);
    }
  }));
  const hopsPerSecond = cameras * hops * 1000 / (performance.now() - startMs);
  await encoders.release();
  await runtime.close();
  return { hopMs: median(times), hopsPerSecond };
}
