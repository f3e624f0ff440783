import { join } from "node:path";
import { z } from "zod";
import { fileFaultSync } from "../../core/file_fault.ts";
import { ImportError } from "../import_error.ts";

const flag = z.boolean();
/** The keys of a published `config.json` that change what the model computes. */
const schema = z.looseObject({
  image_model_type: z.literal("dino8"),
  image_model_token_type: z.literal("token").default("token"),
  image_aligner_type: z.literal("image_linear"),
  audio_model_type: z.literal("hubert"),
  audio_aligner_type: z.literal("audio_sa_3_3_pool_2"),
  sim_agg_heads: z.int().min(1).max(64),
  sim_use_cls: flag.default(false),
  nonneg_sim: z.literal(false).default(false),
  norm_vectors: z.literal(false).default(false),
  image_attention_heads: z.int().min(1).max(1024).optional(),
  audio_attention_heads: z.int().min(1).max(1024).optional(),
});
/** Hyper-parameters of a published DenseAV model, under their published names. */
export type HyperParameters = z.infer<typeof schema>;

const MAX_CONFIG = 1 << 20;

/**
 * Reads `FOLDER/config.json`.
 *
 * @throws {ImportError} one line with each key that is missing or describes another architecture.
 */
export function readHyperParameters(folder: string): HyperParameters {
  const file = join(folder, "config.json");
  const fault = fileFaultSync(file);
  if (fault) {
    throw new ImportError(
      `Cannot import ${folder}: config.json must be a readable file in it (${fault})`,
    );
  }
  if (Deno.statSync(file).size > MAX_CONFIG) {
    throw new ImportError(`Cannot import ${folder}: config.json must be at most 1 MiB`);
  }
  const text = Deno.readTextFileSync(file);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError(`Cannot import ${folder}: config.json must be JSON: ${reason}`, {
      cause,
    });
  }
  const result = schema.safeParse(document);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => {
      const got = issue.path.reduce<unknown>(
        (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
        document,
      );
      return `${issue.path.join(".") || "file"}: ${issue.message}, got ${
        (JSON.stringify(got) ?? "nothing").slice(0, 60)
      }`;
    });
    throw new ImportError(`Cannot import ${folder}: config.json: ${faults.join("; ")}`);
  }
  return result.data;
}
