import { join } from "node:path";
import { TextLineStream } from "./text_line_stream.ts";
import { z } from "zod";
import type { Progress } from "../core/progress.ts";
import { type Adapter, readAdapter } from "./adapter.ts";
import { RECIPE } from "./find_python.ts";
import { LearnError } from "./learn_error.ts";

/** How an adapter is trained. */
export interface TrainOptions {
  /** Folder with `moments.json`. */
  readonly work: string;
  /** Python with PyTorch. */
  readonly python: string;
  readonly steps: number;
  readonly threads: number;
  /** Adapter of the model that would be replaced. */
  readonly former?: string;
  readonly signal: AbortSignal;
  readonly onProgress: Progress;
}

/** A line that training prints. */
const toldSchema = z.object({
  step: z.int().optional(),
  steps: z.int().optional(),
  device: z.string().optional(),
  failure: z.enum(["nothing to compare", "too few moments"]).optional(),
  done: z.int().optional(),
});

/**
 * Runs the recipe's `learn`. A stopped run continues where it was.
 *
 * @throws {LearnError} when training fails, or the recordings contain too few moments or nothing to compare; the signal's reason when it aborts.
 */
export async function trainAdapter(options: TrainOptions): Promise<Adapter> {
  const { work, python, steps, threads, former, signal, onProgress } = options;
  signal.throwIfAborted();
  const process = new Deno.Command(python, {
    args: [
      ...["-m", "whence_training.learn", work, "--steps", String(steps)],
      ...["--threads", String(threads), ...(former ? ["--former", former] : [])],
    ],
    env: { PYTHONPATH: RECIPE, OMP_NUM_THREADS: String(threads) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = (name: Deno.Signal) => {
    try {
      process.kill(name);
    } catch (error) {
      // It has already ended.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  // It saves its state and ends.
  const stop = () => kill("SIGTERM");
  signal.addEventListener("abort", stop);
  const errors = new Response(process.stderr).text();
  try {
    const lines = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    let failure: z.infer<typeof toldSchema>["failure"];
    for await (const line of lines) {
      const told = parseTold(line);
      failure = told.failure ?? failure;
      if (told.step !== undefined) onProgress(told.step, steps, "learning");
    }
    const { success } = await process.status;
    signal.throwIfAborted();
    if (failure !== undefined) throw new LearnError(FAILURES[failure]);
    if (!success) {
      const reason = (await errors).trim().split("\n").at(-1);
      throw new LearnError(`Cannot learn: training failed: ${reason}`);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // Its files are replaced whole, so that an abrupt end leaves none torn.
    kill("SIGKILL");
    await process.status;
  }
  return await readAdapter(join(work, "adapter.json"));
}

const FAILURES = {
  "nothing to compare":
    "Cannot learn: the recordings must show different views and sounds, got pictures or sounds that are all alike; " +
    "record while the camera moves",
  "too few moments":
    "Cannot learn: at least 4 moments of a head must remain after a fifth of the recordings decides when to stop, " +
    "got fewer; record more",
};

function parseTold(line: string): z.infer<typeof toldSchema> {
  try {
    return toldSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new LearnError(
      `Cannot learn: training must print lines of JSON, got ${JSON.stringify(line.slice(0, 200))}`,
      { cause },
    );
  }
}
