import { join } from "node:path";

/** What a compiled engine depends on. */
export interface EngineKey {
  /** Version of TensorRT. */
  readonly tensorrt: string;
  /** Name and architecture of the GPU. */
  readonly gpu: string;
  readonly precision: string;
  /** SHA-256 of the model, in hex. */
  readonly model: string;
  /** Sizes to which its dynamic axes are fixed; TensorRT does not compare them with those of an engine that it finds. */
  readonly axes: Readonly<Record<string, number>>;
}

/**
 * The folders of a model's engines, and of the kernel timings, which all models on one GPU share. With another TensorRT, GPU,
 * precision, model or sizes they are others, so that an update never loads an engine that does not fit.
 */
export function engineFolders(
  cache: string,
  { tensorrt, gpu, precision, model, axes }: EngineKey,
) {
  const sizes = Object.entries(axes).map(([axis, size]) => fileName(`${axis}${size}`));
  const machine = join(cache, fileName(`trt-${tensorrt}-${gpu}`));
  return {
    engines: join(machine, [precision, model.slice(0, 16), ...sizes].join("-")),
    timings: join(machine, "timings"),
  };
}

function fileName(text: string): string {
  return text.replace(/[^\w.]+/g, "-");
}
