import { eventually } from "./eventually.ts";
import { freePort } from "./free_port.ts";

/** How a {@linkcode Mosquitto} is set up. */
export interface MosquittoOptions {
  /** Lines of the listener (TLS, websockets, …) and everything after it. */
  readonly listener?: readonly string[];
  /** Whether clients may connect without a login. Default: yes. */
  readonly anonymous?: boolean;
  /** Keep sessions over a restart. */
  readonly persistent?: boolean;
}

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A real Mosquitto on a free loopback port with a folder of its own. */
export class Mosquitto implements AsyncDisposable {
  readonly port: number;
  /** Folder of its configuration and data; removed at the end. */
  readonly folder: string;
  #process: Deno.ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.folder = folder;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const broker = new Mosquitto(freePort(), await Deno.makeTempDir({ prefix: "mosquitto-" }));
    await Deno.writeTextFile(
      `${broker.folder}/mosquitto.conf`,
      [
        // As root it would drop its privileges and could not read the test's files.
        ...(Deno.uid() === 0 ? ["user root"] : []),
        "max_queued_messages 100000",
        ...(options.persistent
          ? ["persistence true", `persistence_location ${broker.folder}/`]
          : ["persistence false"]),
        `listener ${broker.port} 127.0.0.1`,
        `allow_anonymous ${options.anonymous ?? true}`,
        ...(options.listener ?? []),
      ].join("\n") + "\n",
    );
    try {
      await broker.resume();
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
    return broker;
  }

  /** Starts it again, on the same port. */
  async resume(): Promise<void> {
    const path = ["/usr/sbin", "/usr/local/sbin", Deno.env.get("PATH")].join(":");
    this.#process = new Deno.Command("mosquitto", {
      args: ["-c", `${this.folder}/mosquitto.conf`],
      env: { PATH: path },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let exitCode: number | undefined;
    void this.#process.status.then(({ code }) => exitCode = code);
    await eventually("mosquitto answers", async () => {
      if (exitCode !== undefined) throw new Error(`mosquitto ended with exit code ${exitCode}`);
      return await answers(this.port);
    });
  }

  /** Stops it; with SIGTERM a persistent one saves its sessions. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    try {
      process?.kill(signal);
    } catch {
      // It has ended by itself.
    }
    await process?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}
