import { z } from "zod";
import type { PeerCase } from "./cases.ts";

const runSchema = z.object({
  cpu: z.number(),
  rssMb: z.number(),
  pssMb: z.number(),
  privateMb: z.number(),
  /** From the start of the process to the start of the clip, s. */
  startUp: z.number().optional(),
  found: z.number(),
  inPlace: z.number(),
  spurious: z.number(),
  latenciesMs: z.array(z.number()).readonly(),
  processingMs: z.array(z.number()).readonly(),
});
/** What one run of a program took and found. */
export type Run = z.infer<typeof runSchema>;

const pairSchema = z.object({
  clip: z.string(),
  seconds: z.number(),
  cameras: z.number(),
  pace: z.string(),
  load: z.number(),
  python: runSchema,
  whence: runSchema,
});
/** One run of each program. */
export type Pair = Pick<z.infer<typeof pairSchema>, "load" | "python" | "whence">;

/** Measured pairs, in a file if one is given: a benchmark that was stopped continues with what is missing in it. */
export class KeptRuns {
  readonly #file: string | undefined;
  readonly #pairs: z.infer<typeof pairSchema>[];

  private constructor(file: string | undefined, pairs: z.infer<typeof pairSchema>[]) {
    this.#file = file;
    this.#pairs = pairs;
  }

  /** @throws {Error} when the file has other content. */
  static async open(file: string | undefined): Promise<KeptRuns> {
    const text = file === undefined ? "" : await Deno.readTextFile(file).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    });
    const lines = text.split("\n").filter((line) => line !== "");
    return new KeptRuns(file, lines.map((line) => pairSchema.parse(JSON.parse(line))));
  }

  /** The pairs of a case so far. */
  of({ clip, seconds, cameras, pace }: PeerCase): Pair[] {
    return this.#pairs.filter((pair) =>
      pair.clip === clip && pair.seconds === seconds && pair.cameras === cameras &&
      pair.pace === pace
    );
  }

  async add({ clip, seconds, cameras, pace }: PeerCase, pair: Pair): Promise<void> {
    const line = { clip, seconds, cameras, pace, ...pair };
    this.#pairs.push(line);
    if (this.#file === undefined) return;
    await Deno.writeTextFile(this.#file, `${JSON.stringify(line)}\n`, { append: true });
  }
}
