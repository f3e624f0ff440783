/** What a {@linkcode Child} runs. */
export interface ChildOptions {
  /** Script in this folder, and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** File to which the script writes `id seq type` of each message that it has promised to deliver. */
  readonly ledger: string;
  readonly onLine?: (line: string) => void;
}

/** Pause before a process that ended by itself is started again, as a service manager does, ms. */
const RESTART_MS = 1_000;

/** A process that publishes; one that ends by itself is started again. */
export class Child {
  readonly #options: ChildOptions;
  #process: Deno.ChildProcess | undefined;
  #ending = false;
  #restarts = 0;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#process!.pid;
  }

  /** How often it ended by itself. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Messages that it has promised to deliver, as `id seq type`. */
  ledger(): string[] {
    return Deno.readTextFileSync(this.#options.ledger).split("\n").slice(0, -1);
  }

  launch(): void {
    const { script, args, env } = this.#options;
    this.#ending = false;
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "-A"],
        new URL(script, import.meta.url).pathname,
        ...args,
      ],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#process = process;
    void this.#readLines(process.stderr);
    void process.status.then(async () => {
      if (this.#ending) return;
      this.#restarts++;
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (!this.#ending && this.#process === process) this.launch();
    });
  }

  kill(signal: Deno.Signal): void {
    this.#process!.kill(signal);
  }

  /** Ends it with a signal and waits for its end. */
  async end(signal: Deno.Signal): Promise<void> {
    this.#ending = true;
    try {
      this.kill(signal);
    } catch {
      // It has ended by itself.
    }
    await this.#process?.status;
  }

  async #readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#options.onLine?.(line);
    }
  }
}
