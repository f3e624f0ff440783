import { z } from "zod";
import { ModelError } from "../../manifest.ts";
import type { TensorInfo } from "../session.ts";
import { typeOf } from "./oip_message.ts";

/** What a server says of itself. */
export const serverFactsSchema = z.object({
  name: z.string().default("?"),
  version: z.string().default("?"),
});
export type ServerFacts = z.output<typeof serverFactsSchema>;

const tensorsSchema = z.array(
  z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.coerce.number().int()) }),
);
const modelSchema = z.object({
  versions: z.array(z.string()).nullish(),
  inputs: tensorsSchema,
  outputs: tensorsSchema,
});

/** Inputs and outputs of a model on a server. */
export interface ServedModelFacts {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The version to run; undefined on a server without versions. */
  readonly version: string | undefined;
}

/**
 * Reads a model's metadata as a server gives it.
 *
 * @param what the action for error messages, such as `use denseav-mini-image on http://gpu-box:8000`.
 * @param version the version that must be there, if the server has versions.
 * @throws {ModelError} when it is not metadata, lacks the version, or has tensors of other types.
 */
export function readModelFacts(what: string, metadata: unknown, version: number): ServedModelFacts {
  const found = modelSchema.safeParse(metadata);
  if (!found.success) {
    throw new ModelError(`Cannot ${what}: its metadata must give inputs and outputs`);
  }
  const versions = found.data.versions ?? [];
  if (versions.length > 0 && !versions.includes(String(version))) {
    throw new ModelError(
      `Cannot ${what}: version must be ${version} as in model.yaml, got ${versions.join(", ")}`,
    );
  }
  const describe = (side: string, tensors: z.output<typeof tensorsSchema>): TensorInfo[] =>
    tensors.map(({ name, datatype, shape }) => {
      const type = typeOf(datatype);
      if (type !== undefined) return { name, type, dims: shape.map((n) => n < 0 ? -1 : n) };
      throw new ModelError(
        `Cannot ${what}: ${side} ${name} must be UINT8, FP32 or INT64, got ${datatype}`,
      );
    });
  return {
    inputs: describe("input", found.data.inputs),
    outputs: describe("output", found.data.outputs),
    version: versions.length > 0 ? String(version) : undefined,
  };
}
