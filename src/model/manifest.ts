import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { headKindSchema } from "../core/head_kind.ts";
import { readStart, UnreadableFileError } from "../core/file_start.ts";

const fileName = z.string().regex(/^[\w.-]+$/, "must be a file name inside the model's folder");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

const fittedMapSchema = z.strictObject({
  slope: z.number(),
  offset: z.number(),
  fitted_on: z.string(),
});
const calibrationSchema = fittedMapSchema.extend({
  /** What `model calibrate` replaced. */
  previous: fittedMapSchema.optional(),
});
/** Logistic map from a head's activation to a probability: `1 / (1 + exp(-(slope · a + offset)))`. */
export type Calibration = z.infer<typeof calibrationSchema>;

/** The contract of one model folder, `models/NAME/model.yaml`. */
export const manifestSchema = z.strictObject({
  format: z.literal("whence/model/1"),
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/),
  version: z.int().min(1),
  license: z.string().min(1),
  source: z.string().min(1),
  description: z.string().min(1),
  image: z.strictObject({
    file: fileName,
    sha256,
    width: z.int().min(1),
    height: z.int().min(1),
    grid: z.strictObject({ width: z.int().min(1), height: z.int().min(1) }),
    /** The same encoder computed mostly in bytes, for CPUs; see image_variant.ts. */
    int8: z.strictObject({
      file: fileName,
      sha256,
      /** Distance of its features from those of `file`. */
      relative_l2: z.number().min(0),
    }).optional(),
    /** Floating-point operations of one frame's matrix products. */
    flops: z.int().positive().optional(),
  }),
  audio: z.strictObject({
    file: fileName,
    sha256,
    sample_rate: z.literal(16000),
    feature_rate: z.number().positive(),
    first_feature: z.number().min(0),
    /** Seconds of audio around a feature that it is convolved from. */
    receptive_field: z.number().positive(),
    /** Whether features depend on the whole window (attention); otherwise only on `receptive_field` around them. */
    whole_window: z.boolean().default(true),
    min_samples: z.int().min(1),
    /** What audio.onnx convolves from one stretch of audio, if it can be kept from window to window; in samples. */
    columns: z.strictObject({
      /** From one to the next; divides the time between two features. */
      samples: z.int().min(1),
      receptive_field: z.int().min(1),
      channels: z.int().min(1),
    }).optional(),
    /** Floating-point operations of one second of audio. */
    flops_per_second: z.int().positive().optional(),
  }),
  external_data: z.array(z.strictObject({ file: fileName, sha256 })).default([]),
  channels: z.int().min(1),
  class_token: z.boolean().default(false),
  heads: z.array(
    z.strictObject({
      kind: headKindSchema,
      verified: z.boolean().default(true),
      calibration: calibrationSchema.optional(),
      /** No image feature of this head is longer, as measured on pictures, with a margin. */
      bound: z.number().positive().optional(),
    }),
  ).min(1),
  /** What the audio features are worth as names, and the model's own names; see docs/labels.md. */
  labels: z.strictObject({ file: fileName, sha256 }).optional(),
  check: z.strictObject({
    precision: z.enum(["fp32", "fp16", "int8"]),
    relative_l2: z.number().min(0),
  }).optional(),
}).refine((m) => m.channels % m.heads.length === 0, {
  message: "channels must be a multiple of the number of heads",
  path: ["channels"],
});
/** A checked manifest; every default filled in. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A manifest and the folder of its files. */
export interface ModelFolder {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Why a model or its runtime cannot be used, in one line. */
export class ModelError extends Error {
  override name = "ModelError";
}

const MAX_BYTES = 1 << 20;

/**
 * Reads and checks `PATH/model.yaml`. The files' hashes are checked when they are loaded.
 *
 * @throws {ModelError} when the manifest is missing or breaks the contract; the message names the file and each key.
 */
export async function loadManifest(path: string): Promise<ModelFolder> {
  const file = join(path, "model.yaml");
  let text: string;
  try {
    const { bytes, whole } = await readStart(file, MAX_BYTES);
    if (!whole) throw new UnreadableFileError(`it is larger than ${MAX_BYTES} bytes`);
    text = new TextDecoder().decode(bytes);
  } catch (cause) {
    if (!(cause instanceof UnreadableFileError)) throw cause;
    throw new ModelError(
      `Cannot load the model: ${file} must be a readable file (${cause.message})`,
      { cause },
    );
  }
  let document: unknown;
  try {
    // Its warnings would go to stderr as they are.
    document = parse(text, { logLevel: "error" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new ModelError(`Cannot load the model: ${file}: ${reason}`, { cause });
  }
  const result = manifestSchema.safeParse(document);
  if (!result.success) {
    const faults = result.error.issues.map((i) => `${i.path.join(".") || "file"}: ${i.message}`);
    throw new ModelError(`Cannot load the model: ${file}: ${faults.join("; ")}`);
  }
  return { path, manifest: result.data };
}
