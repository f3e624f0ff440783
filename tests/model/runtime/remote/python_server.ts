import { fileURLToPath } from "node:url";
import { pythonWith } from "../../../support/python_with.ts";

/** Its imports take long on a busy machine, ms. */
const START_LIMIT_MS = 180_000;
const SHARED = ["onnxruntime==1.32.0", "tritonclient[grpc]==2.73.0"];
const PACKAGES = { kserve: "kserve==0.21.0", mlserver: "mlserver==1.7.1" };

/** Servers of the Open Inference Protocol that PyPI has. */
export type ServerName = keyof typeof PACKAGES;

/** A Python with a server, as {@linkcode pythonWith} makes it. */
export function pythonOf(name: ServerName): Promise<string | undefined> {
  return pythonWith(name, [PACKAGES[name], ...SHARED]);
}

/** A server in a process of its own, ready. */
export class PythonServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  #ended = false;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    process.status.then(() => this.#ended = true);
  }

  /** @param name of the script beside this file: `NAME_server.py`. */
  static async start(
    python: string,
    name: ServerName,
    repository: string,
    ports: readonly [http: number, grpc: number],
  ): Promise<PythonServer> {
    const script = fileURLToPath(new URL(`${name}_server.py`, import.meta.url));
    const process = new Deno.Command(python, {
      args: [script, repository, ...ports.map(String)],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const server = new PythonServer(process);
    const startMs = performance.now();
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${ports[0]}/v2/health/ready`)
        .catch(() => null);
      await response?.body?.cancel();
      if (response?.ok) return server;
      if (server.#ended || performance.now() - startMs > START_LIMIT_MS) {
        await server[Symbol.asyncDispose]();
        throw new Error(`${name} did not start`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Asks it to shut down, as an administrator or Kubernetes does. */
  async terminate(): Promise<void> {
    this.#process.kill("SIGTERM");
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 20_000);
    await this.#process.status;
    clearTimeout(late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}
