import type { Flow, Layers } from "./layers.ts";
import { concatColumns, linearWeight, scaleColumns } from "./linear_weight.ts";

/**
 * A pre-norm block of DINO and the audio aligner, with one matrix for queries, keys and values.
 *
 * @param x `[n, steps, width]`
 */
export function transformerBlock(
  layers: Layers,
  name: string,
  x: Flow,
  heads: number,
  epsilon: number,
  options: { readonly exact?: boolean } = {},
): Flow {
  const { weights } = layers;
  const merged = linearWeight(weights, `${name}.attn.qkv`);
  const width = merged.ins;
  const qkv = scaleColumns(merged, width, 1 / Math.sqrt(width / heads));
  const attended = layers.attention(
    `${name}.attn`,
    layers.norm(`${name}.norm1`, x, epsilon),
    heads,
    qkv,
    linearWeight(weights, `${name}.attn.proj`),
    options.exact,
  );
  const middle = layers.add(x, attended);
  const normed = layers.norm(`${name}.norm2`, middle, epsilon);
  return layers.add(
    middle,
    feedForward(layers, `${name}.mlp`, normed, "fc1", "fc2", options.exact),
  );
}

/**
 * A pre-norm block of HuBERT-large ("stable layer norm"), with separate matrices for queries, keys and values.
 *
 * @param x `[n, steps, width]`
 */
export function hubertBlock(
  layers: Layers,
  name: string,
  x: Flow,
  heads: number,
  epsilon: number,
): Flow {
  const { weights } = layers;
  const parts = ["q", "k", "v"].map((part) =>
    linearWeight(weights, `${name}.attention.${part}_proj`)
  );
  const width = parts[0].ins;
  const qkv = scaleColumns(concatColumns(parts), width, 1 / Math.sqrt(width / heads));
  const attended = layers.attention(
    `${name}.attention`,
    layers.norm(`${name}.layer_norm`, x, epsilon),
    heads,
    qkv,
    linearWeight(weights, `${name}.attention.out_proj`),
  );
  const middle = layers.add(x, attended);
  const normed = layers.norm(`${name}.final_layer_norm`, middle, epsilon);
  return layers.add(
    middle,
    feedForward(layers, `${name}.feed_forward`, normed, "intermediate_dense", "output_dense"),
  );
}

function feedForward(
  layers: Layers,
  name: string,
  x: Flow,
  first: string,
  second: string,
  exact = false,
): Flow {
  const layer = (part: string, input: Flow) => {
    const full = `${name}.${part}`;
    return layers.linear(full, input, linearWeight(layers.weights, full), exact);
  };
  return layer(second, layers.gelu(layer(first, x)));
}
