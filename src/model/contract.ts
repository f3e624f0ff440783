import { type Manifest, ModelError } from "./manifest.ts";
import { shapeText } from "./runtime/feeds.ts";
import type { Session, TensorInfo, TensorType } from "./runtime/session.ts";

/** The optional input of audio.onnx for columns of earlier windows, and the output with those of this one. */
export const COLUMNS = "columns";
export const ALL_COLUMNS = "all_columns";

/** Inputs and outputs that one of a model's files must have. */
export interface Contract {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Outputs that it may have in addition. */
  readonly optional: readonly TensorInfo[];
  /** Inputs with a default that it may have. */
  readonly optionalInputs: readonly TensorInfo[];
}

/** Inputs and outputs of image.onnx. */
export function imageContract({ image, channels, class_token }: Manifest): Contract {
  return {
    inputs: [info("frames", "uint8", [-1, image.height, image.width, 3])],
    outputs: [
      info("features", "float32", [-1, channels, image.grid.height, image.grid.width]),
      ...(class_token ? [info("cls", "float32", [-1, channels])] : []),
    ],
    optional: [],
    optionalInputs: [],
  };
}

/** Inputs and outputs of audio.onnx. */
export function audioContract({ channels, heads, class_token, audio }: Manifest): Contract {
  const { columns } = audio;
  return {
    inputs: [info("waveform", "float32", [-1, -1])],
    outputs: [
      info("features", "float32", [-1, channels, -1]),
      ...(class_token ? [info("cls", "float32", [-1, channels])] : []),
      ...(columns ? [info(ALL_COLUMNS, "float32", [-1, -1, columns.channels])] : []),
    ],
    optional: [info("presence", "float32", [-1, heads.length, -1])],
    optionalInputs: columns ? [info(COLUMNS, "float32", [-1, columns.channels])] : [],
  };
}

function info(name: string, type: TensorType, dims: readonly number[]): TensorInfo {
  return { name, type, dims };
}

/**
 * Compares the inputs and outputs of a loaded file with its contract. Where the graph declares an axis that the manifest
 * fixes, both must agree; the graph may fix further axes.
 *
 * @throws {ModelError} naming the file and the first input or output that does not fit.
 */
export function checkContract(
  path: string,
  session: Pick<Session, "inputs" | "outputs" | "optional">,
  contract: Contract,
): void {
  const fault = (what: string) => new ModelError(`Cannot use ${path}: ${what}`);
  const extra = session.inputs.find((input) =>
    !contract.inputs.some((wanted) => wanted.name === input.name)
  );
  if (extra) {
    throw fault(`its only input must be ${contract.inputs[0].name}, got ${extra.name} too`);
  }
  const check = (word: string, wanted: TensorInfo, got: TensorInfo) => {
    if (got.type !== wanted.type) {
      throw fault(`${word} ${wanted.name} must be ${wanted.type}, got ${got.type}`);
    }
    if (!agree(got.dims, wanted.dims)) {
      throw fault(
        `${word} ${wanted.name} must be ${shapeText(wanted.dims)} as in model.yaml, ` +
          `got ${shapeText(got.dims)}`,
      );
    }
  };
  for (const side of ["inputs", "outputs"] as const) {
    const word = side.slice(0, -1);
    for (const wanted of contract[side]) {
      const got = session[side].find((tensor) => tensor.name === wanted.name);
      if (!got) {
        const names = session[side].map((tensor) => tensor.name).join(", ");
        throw fault(`it must have an ${word} ${wanted.name}, got ${names}`);
      }
      check(word, wanted, got);
    }
  }
  for (const wanted of contract.optional) {
    const got = session.outputs.find((tensor) => tensor.name === wanted.name);
    if (got) check("output", wanted, got);
  }
  for (const wanted of contract.optionalInputs) {
    const got = session.optional?.find((tensor) => tensor.name === wanted.name);
    if (got) check("input", wanted, got);
  }
}

/** Whether two shapes have the same rank and are equal on every axis that both fix. */
function agree(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, axis) => n === b[axis] || n === -1 || b[axis] === -1);
}
