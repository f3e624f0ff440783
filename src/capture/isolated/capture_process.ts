import { within } from "../../core/within.ts";
import { CaptureError } from "../capture_error.ts";
import type { Request } from "./messages.ts";

/** Time that a process gets to close its source after its input has ended, ms; after that it is killed. */
const CLOSE_MS = 3_000;

/**
 * What it writes goes through file 3: a library of GStreamer may print to standard output, which is joined with standard
 * error here.
 */
const WITH_OUTPUT_ON_3 = 'exec "$0" "$@" 3>&1 1>&2';

/** A child process that captures. */
export class CaptureProcess {
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #ended = false;

  /**
   * @param command the program and its arguments.
   * @throws {CaptureError} when no process can be started.
   */
  constructor([program, ...args]: readonly [string, ...string[]]) {
    try {
      this.#child = new Deno.Command("sh", {
        args: ["-c", WITH_OUTPUT_ON_3, program, ...args],
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CaptureError(`Cannot start the capture process: ${reason}`);
    }
    this.#requests = this.#child.stdin.getWriter();
    void this.#child.status.then(() => this.#ended = true);
  }

  /** The process ID. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The bytes that it sends. */
  get output(): ReadableStream<Uint8Array> {
    return this.#child.stdout;
  }

  /** Sends a request; does nothing if the process has ended. */
  request(request: Request): void {
    const line = this.#encoder.encode(`${JSON.stringify(request)}\n`);
    this.#requests.write(line).catch(() => {});
  }

  /** Waits until the process has ended; returns why, such as `killed by SIGSEGV`. */
  async ended(): Promise<string> {
    const { code, signal } = await this.#child.status;
    return signal === null ? `ended with exit code ${code}` : `killed by ${signal}`;
  }

  /**
   * Ends its input, upon which it closes its source and ends. Kills it if that takes more than three seconds.
   *
   * @returns whether its source hangs: it did not close, although the process was alive.
   */
  async stop(): Promise<boolean> {
    const ended = this.#ended;
    const closed = this.#requests.close().catch(() => {});
    await within(CLOSE_MS, this.#child.status);
    this.kill();
    const { success } = await this.#child.status;
    // A process that it started may keep the pipe open and full.
    await within(CLOSE_MS, closed);
    return !ended && !success;
  }

  /** Kills it. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
