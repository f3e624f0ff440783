import type { AxisSizes, Runtime, ServedModel, Session, Tensor } from "../model/runtime/session.ts";

/** A step of loading a model. */
export interface BuildStep {
  /** `image`, `audio` or `similarity`. */
  readonly part: string;
  readonly action: "load" | "first run";
}

/** Receives the steps of loading a model, in order. */
export interface BuildListener {
  began(step: BuildStep): void;
  ended(step: BuildStep, seconds: number): void;
}

/** A runtime that reports when its sessions are created and run for the first time. */
export class WatchedRuntime implements Runtime {
  readonly #runtime: Runtime;
  readonly #listener: BuildListener;

  constructor(runtime: Runtime, listener: BuildListener) {
    this.#runtime = runtime;
    this.#listener = listener;
  }

  get version(): string {
    return this.#runtime.version;
  }

  get library(): string {
    return this.#runtime.library;
  }

  get providers(): readonly string[] {
    return this.#runtime.providers;
  }

  get refused() {
    return this.#runtime.refused;
  }

  get compiles(): string | undefined {
    return this.#runtime.compiles;
  }

  get prefersInt8() {
    return this.#runtime.prefersInt8;
  }

  get loadLimitMs(): number {
    return this.#runtime.loadLimitMs;
  }

  async createSession(
    model: string | Uint8Array,
    served?: ServedModel,
    axes?: AxisSizes,
  ): Promise<Session> {
    const part = served?.name.replace(/^.*-/, "") ?? "similarity";
    const session = await timed(
      { part, action: "load" },
      this.#listener,
      () => this.#runtime.createSession(model, served, axes),
    );
    return watched(session, part, this.#listener);
  }

  close(): Promise<void> {
    return this.#runtime.close();
  }
}

function watched(session: Session, part: string, listener: BuildListener): Session {
  let hasRun = false;
  return {
    get provider() {
      return session.provider;
    },
    get nodes() {
      return session.nodes;
    },
    get refused() {
      return session.refused;
    },
    get traced() {
      return session.traced;
    },
    inputs: session.inputs,
    outputs: session.outputs,
    async run(feeds: Readonly<Record<string, Tensor>>) {
      if (hasRun) return await session.run(feeds);
      hasRun = true;
      return await timed({ part, action: "first run" }, listener, () => session.run(feeds));
    },
    limitRuns: (limitMs) => session.limitRuns(limitMs),
    release: () => session.release(),
  };
}

async function timed<T>(
  step: BuildStep,
  listener: BuildListener,
  work: () => Promise<T>,
): Promise<T> {
  const startMs = performance.now();
  listener.began(step);
  const result = await work();
  listener.ended(step, (performance.now() - startMs) / 1000);
  return result;
}
