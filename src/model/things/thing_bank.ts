import { z } from "zod";
import { HEAD_KINDS } from "../../core/head_kind.ts";
import { type Manifest, ModelError } from "../manifest.ts";

const vector = z.string().transform((text, context): Float32Array => {
  try {
    const bytes = Uint8Array.fromBase64(text);
    if (bytes.length % 4 !== 0) throw new Error(`${bytes.length} bytes`);
    return new Float32Array(bytes.buffer);
  } catch {
    context.addIssue({ code: "custom", message: "must be base64 of 32-bit floats" });
    return z.NEVER;
  }
});

const thingSchema = z.object({
  name: z.string().min(1),
  /** `NAME@VERSION` of the model that it was shown to: features of another one mean something else. */
  model: z.string().min(1),
  kind: z.enum(HEAD_KINDS),
  /** `[C]`: mean direction of the patches that show it, of length 1; absent if it only has a name. */
  picture: vector.optional(),
  /** `[C / K]`: mean direction of what is heard, in its head's channels, of length 1. */
  code: vector,
  /** Length of the code that is added to patches that show the thing, on the scale of the model's own codes. */
  length: z.number().positive().default(1),
});
/** One way that a thing sounds or is called, and how it looks if it was shown. */
export type Thing = z.infer<typeof thingSchema>;

const bankSchema = z.object({ format: z.literal("whence/bank/1"), things: z.array(thingSchema) });

/**
 * Reads a bank of shown things.
 *
 * @throws {ModelError} one line that names the file and the key; also when the file is missing.
 */
export async function readBank(file: string): Promise<readonly Thing[]> {
  let content: unknown;
  try {
    content = JSON.parse(await Deno.readTextFile(file));
  } catch (cause) {
    const missing = cause instanceof Deno.errors.NotFound;
    const fault = missing ? "no such file" : "it must be a readable JSON file";
    throw new ModelError(`Cannot read the bank ${file}: ${fault}`, { cause });
  }
  const result = bankSchema.safeParse(content);
  if (result.success) return result.data.things;
  const { path, message } = result.error.issues[0];
  throw new ModelError(`Cannot read the bank ${file}: ${path.join(".")}: ${message}`);
}

/**
 * Reads a bank; one that does not exist yet is empty.
 *
 * @throws {ModelError} one line that names the file and the key.
 */
export async function readBankIfAny(file: string): Promise<readonly Thing[]> {
  try {
    await Deno.stat(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return await readBank(file);
}

/** Writes a bank; a reader never sees half of it. */
export async function writeBank(file: string, things: readonly Thing[]): Promise<void> {
  const text = (values: Float32Array) =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).toBase64();
  const lines = things.map((thing) => {
    const picture = thing.picture && text(thing.picture);
    return JSON.stringify({ ...thing, picture, code: text(thing.code) });
  });
  const content = `{"format": "whence/bank/1", "things": [\n${lines.join(",\n")}\n]}\n`;
  const partial = `${file}.part`;
  await Deno.writeTextFile(partial, content);
  await Deno.rename(partial, file);
}

/** Whether a thing was shown; otherwise the entry is a recording of a name. */
export const isLook = ({ picture }: Thing): boolean => picture !== undefined;

/** A bank with further things; those of the same name, kind and sort, looks or recordings, are replaced. */
export function mergeThings(known: readonly Thing[], added: readonly Thing[]): Thing[] {
  const replaced = (thing: Thing) =>
    added.some((one) =>
      one.name === thing.name && one.kind === thing.kind && isLook(one) === isLook(thing)
    );
  return [...known.filter((thing) => !replaced(thing)), ...added];
}

/**
 * Checks that things were shown to this model.
 *
 * @throws {ModelError} naming the first that was not.
 */
export function checkThings(file: string, things: readonly Thing[], manifest: Manifest): void {
  const model = `${manifest.name}@${manifest.version}`;
  const width = manifest.channels / manifest.heads.length;
  for (const thing of things) {
    const fits = thing.model === model &&
      (thing.picture === undefined || thing.picture.length === manifest.channels) &&
      thing.code.length === width && manifest.heads.some(({ kind }) => kind === thing.kind);
    if (!fits) {
      throw new ModelError(
        `Cannot use the bank ${file}: "${thing.name}" must have been shown to ${model}, got ${thing.model}; show or label it again`,
      );
    }
  }
}
