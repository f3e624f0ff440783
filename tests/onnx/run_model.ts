import * as ort from "onnxruntime-node";

type Numbers = Float32Array | Uint8Array | BigInt64Array;

/** Runs a model once through onnxruntime-node, apart from Whence's own sessions. */
export async function runModel(
  model: Uint8Array | string,
  feeds: Record<string, { type: "float32" | "uint8" | "int64"; dims: number[]; data: Numbers }>,
): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = typeof model === "string"
    ? await ort.InferenceSession.create(model, options)
    : await ort.InferenceSession.create(model, options);
  try {
    const results = await session.run(
      Object.fromEntries(
        Object.entries(feeds).map((
          [name, t],
        ) => [name, new ort.Tensor(t.type, t.data as Float32Array, t.dims)]),
      ),
    );
    return Object.fromEntries(
      Object.entries(results).map((
        [name, t],
      ) => [name, { dims: t.dims, data: t.data as Float32Array }]),
    );
  } finally {
    await session.release();
  }
}
