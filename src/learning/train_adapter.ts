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

const toldSchema = z.object({
  step: z.int().optional(),
  steps: z.int().optional(),
  device: z.string().optional(),
  failure: z.string().optional(),
  done: z.int().optional(),
});

/**
 * Runs the recipe's `learn`. A stopped run goes on where it was.
 *
 * @throws {LearnError} when training fails or the recordings contain nothing to compare; the signal's reason when it aborts.
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
  // It saves its state and ends.
  const stop = () => process.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  try {
    const errors = new Response(process.stderr).text();
    const lines = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    let failure: string | undefined;
    for await (const line of lines) {
      const told = toldSchema.parse(JSON.parse(line));
      failure = told.failure ?? failure;
      if (told.step !== undefined) onProgress(told.step, steps, "learning");
    }
    const { success } = await process.status;
    signal.throwIfAborted();
    if (failure !== undefined) throw new LearnError(NOTHING_TO_COMPARE);
    if (!success) {
      const reason = (await errors).trim().split("\n").at(-1);
      throw new LearnError(`Cannot learn: training failed: ${reason}`);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return await readAdapter(join(work, "adapter.json"));
}

const NOTHING_TO_COMPARE =
  "Cannot learn: the recordings must show different views and sounds, got pictures or sounds that are all alike; " +
  "record while the camera moves";
