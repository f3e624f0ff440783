import { join } from "node:path";
import { z } from "zod";
import { HEAD_KINDS } from "../core/head_kind.ts";
import { ModelError, type ModelFolder } from "../model/manifest.ts";
import type { LabelSpace } from "./label_space.ts";

const bytes = z.string().transform((text, context): Uint8Array<ArrayBuffer> => {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    context.addIssue({ code: "custom", message: "must be base64" });
    return z.NEVER;
  }
});
const floats = bytes.refine((data) => data.length % 4 === 0, "must be base64 of 32-bit floats")
  .transform((data) => new Float32Array(data.buffer));

const kindSchema = z.strictObject({
  kind: z.enum(HEAD_KINDS),
  mean: floats,
  transform: floats,
  between: floats,
  scale: z.number().positive(),
  unknown: z.number(),
  fitted_on: z.string(),
  /** Names with the number of their examples. */
  names: z.array(z.tuple([z.string().min(1), z.int().min(1)])),
  /** `[n, c]`: mean code of each name's examples, in steps of 1/127 of the largest value. */
  codes: bytes,
  largest: z.number().positive(),
}).refine(
  ({ mean, transform, between, names, codes }) =>
    transform.length === mean.length * between.length &&
    codes.length === names.length * mean.length,
  "transform and codes must have the sizes of mean, between and names",
);

/** The content of `labels.json` in a model's folder: what its audio features are worth as names, and its own names. */
const modelLabelsSchema = z.strictObject({
  format: z.literal("whence/labels/1"),
  /** SHA-256 of the audio encoder whose features it is about. */
  audio: z.string(),
  kinds: z.array(kindSchema).min(1),
});

/** A name that ships with a model. */
export interface ModelName {
  readonly name: string;
  readonly examples: number;
  /** `[c]`: mean of the examples' codes of length 1, not normalized again. */
  readonly code: Float32Array;
}

/** One kind's part of a model's label file. */
export interface KindLabels {
  readonly space: LabelSpace;
  readonly names: readonly ModelName[];
}

/** A model's label file. */
export type ModelLabels = ReadonlyMap<typeof HEAD_KINDS[number], KindLabels>;

/**
 * Reads the label file that a model's manifest names; undefined if it names none.
 *
 * @throws {ModelError} one line that names the file and the key.
 */
export async function readModelLabels(
  { path, manifest }: ModelFolder,
): Promise<ModelLabels | undefined> {
  if (manifest.labels === undefined) return undefined;
  const file = join(path, manifest.labels.file);
  const fault = (reason: string, cause?: unknown) =>
    new ModelError(`Cannot read the labels of ${manifest.name}: ${file}: ${reason}`, { cause });
  let content: unknown;
  try {
    content = JSON.parse(await Deno.readTextFile(file));
  } catch (cause) {
    throw fault("it must be a readable JSON file", cause);
  }
  const result = modelLabelsSchema.safeParse(content);
  if (!result.success) {
    const [{ path: key, message }] = result.error.issues;
    throw fault(`${key.join(".")}: ${message}`);
  }
  const { audio, kinds } = result.data;
  const { file: encoder, sha256 } = manifest.audio;
  if (audio !== sha256) {
    throw fault(`audio must be the SHA-256 of ${encoder}, ${sha256}, got ${audio}; make it again`);
  }
  const width = manifest.channels / manifest.heads.length;
  if (kinds.some(({ mean }) => mean.length !== width)) {
    throw fault(`codes must have ${width} values, as many as a head has channels`);
  }
  return new Map(kinds.map(({ kind, names, codes, largest, ...space }) => [kind, {
    space,
    names: names.map(([name, examples], i) => ({
      name,
      examples,
      code: codesAt(codes, i, width, largest),
    })),
  }]));
}

function codesAt(codes: Uint8Array, row: number, width: number, largest: number): Float32Array {
  const signed = new Int8Array(codes.buffer, codes.byteOffset + row * width, width);
  return Float32Array.from(signed, (value) => value * largest / 127);
}
