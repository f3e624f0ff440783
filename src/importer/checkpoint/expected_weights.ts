import type { Architecture, Encoder } from "./architecture.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { closestName } from "./closest_name.ts";
import { ImportError } from "../import_error.ts";

/** Tensors of the training that inference does not use. */
const UNUSED = new Set(["sim_cal.w", "audio_model.model.masked_spec_embed", "audio_cls"]);
const LISTED = 10;
const LAST_CONV = 6;

type Shapes = Map<string, readonly number[]>;

/**
 * Checks that the weights are exactly those of `architecture`.
 *
 * @param allowUnexpected whether further tensors are ignored, although they could change the result.
 * @returns the names of the ignored tensors.
 * @throws {ImportError} a line with the counts, then at most ten names, each with the closest one.
 */
export function checkWeights(
  weights: Checkpoint,
  architecture: Architecture,
  allowUnexpected: boolean,
): string[] {
  const expected = expectedShapes(weights, architecture);
  const faults: string[] = [];
  const missing = [...expected.keys()].filter((name) => !weights.has(name));
  const unexpected = [...weights.names()].filter((name) =>
    !expected.has(name) && !UNUSED.has(name)
  );
  for (const name of missing.slice(0, LISTED)) {
    faults.push(`missing ${name}${hint(name, unexpected)}`);
  }
  const missingNames = new Set(missing);
  if (!allowUnexpected) {
    const candidates = [...missing, ...expected.keys()];
    for (const name of unexpected.slice(0, LISTED)) {
      faults.push(`unexpected ${quoted(weights.storedName(name))}${hint(name, candidates)}`);
    }
  }
  for (const [name, shape] of expected) {
    if (missingNames.has(name)) continue;
    const got = weights.shape(name);
    if (got.length !== shape.length || got.some((dim, i) => dim !== shape[i])) {
      faults.push(`${weights.storedName(name)} must be [${shape}], got [${got}]`);
    }
  }
  if (faults.length > 0) {
    const head =
      `Cannot import: the weights must be those of DenseAV with ${architecture.image.depth} ` +
      `image and ${architecture.audio.depth} audio layers, got ${missing.length} missing and ` +
      `${unexpected.length} unexpected tensors, ${faults.length} faults listed below`;
    throw new ImportError([head, ...faults.slice(0, LISTED)].join("\n  "));
  }
  return unexpected.map((name) => weights.storedName(name));
}

function hint(name: string, candidates: Iterable<string>): string {
  // A damaged first word keeps peft's wrapper in the name.
  const plain = new Map<string, string>();
  for (const candidate of candidates) plain.set(unwrapped(candidate), candidate);
  const nearest = closestName(unwrapped(name).slice(0, 200), plain.keys());
  const closest = nearest && plain.get(nearest);
  return closest === undefined ? "" : ` (closest: ${quoted(closest)})`;
}

function unwrapped(name: string): string {
  return name.replace(".base_model.model.", ".");
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 200)).slice(1, -1);
}

function expectedShapes(weights: Checkpoint, a: Architecture): Shapes {
  const shapes: Shapes = new Map();
  const linear = (name: string, outs: number, ins: number) => {
    shapes.set(`${name}.weight`, [outs, ins]).set(`${name}.bias`, [outs]);
    const rank = weights.loraRank(name);
    if (rank === 0) return;
    shapes.set(`${name}.lora_A.default.weight`, [rank, ins]);
    shapes.set(`${name}.lora_B.default.weight`, [outs, rank]);
  };
  const norm = (name: string, width: number) => {
    shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]);
  };
  const block = (name: string, { width, hidden }: Encoder) => {
    norm(`${name}.norm1`, width);
    linear(`${name}.attn.qkv`, 3 * width, width);
    linear(`${name}.attn.proj`, width, width);
    norm(`${name}.norm2`, width);
    linear(`${name}.mlp.fc1`, hidden, width);
    linear(`${name}.mlp.fc2`, width, hidden);
  };

  const vit = "image_model.model";
  const { width, patch, grid } = a.image;
  shapes.set(`${vit}.cls_token`, [1, 1, width]);
  shapes.set(`${vit}.pos_embed`, [1, grid * grid + 1, width]);
  shapes.set(`${vit}.patch_embed.proj.weight`, [width, 3, patch, patch]);
  shapes.set(`${vit}.patch_embed.proj.bias`, [width]);
  for (let i = 0; i < a.image.depth; i++) block(`${vit}.blocks.${i}`, a.image);
  norm(`${vit}.norm`, width);
  norm("image_aligner.norm.norm", width);
  shapes.set("image_aligner.layer.weight", [a.channels, width, 1, 1]);
  shapes.set("image_aligner.layer.bias", [a.channels]);
  linear("image_aligner.cls_layer", a.channels, width);

  audioShapes(a, shapes, linear, norm, weights);
  block("audio_aligner.mod_list.4.block", a.alignerBlock);
  return shapes;
}

function audioShapes(
  a: Architecture,
  shapes: Shapes,
  linear: (name: string, outs: number, ins: number) => void,
  norm: (name: string, width: number) => void,
  weights: Checkpoint,
): void {
  const hubert = "audio_model.model";
  const { width, hidden, convs, positionKernel, positionGroups } = a.audio;
  convs.forEach(({ channels, kernel }, i) => {
    const name = `${hubert}.feature_extractor.conv_layers.${i}`;
    shapes.set(`${name}.conv.weight`, [channels, i === 0 ? 1 : convs[i - 1].channels, kernel]);
    shapes.set(`${name}.conv.bias`, [channels]);
    norm(`${name}.layer_norm`, channels);
  });
  norm(`${hubert}.feature_projection.layer_norm`, convs[LAST_CONV].channels);
  linear(`${hubert}.feature_projection.projection`, width, convs[LAST_CONV].channels);
  const position = `${hubert}.encoder.pos_conv_embed.conv`;
  const kernelShape = [width, width / positionGroups, positionKernel];
  if (weights.has(`${position}.weight`)) {
    shapes.set(`${position}.weight`, kernelShape);
  } else {
    shapes.set(`${position}.weight_v`, kernelShape);
    shapes.set(`${position}.weight_g`, [1, 1, positionKernel]);
  }
  shapes.set(`${position}.bias`, [width]);
  for (let i = 0; i < a.audio.depth; i++) {
    const layer = `${hubert}.encoder.layers.${i}`;
    norm(`${layer}.layer_norm`, width);
    for (const part of ["q", "k", "v", "out"]) {
      linear(`${layer}.attention.${part}_proj`, width, width);
    }
    norm(`${layer}.final_layer_norm`, width);
    linear(`${layer}.feed_forward.intermediate_dense`, hidden, width);
    linear(`${layer}.feed_forward.output_dense`, width, hidden);
  }
  norm(`${hubert}.encoder.layer_norm`, width);

  const aligner = "audio_aligner.mod_list";
  norm(`${aligner}.1.norm`, width);
  a.pools.forEach(({ kernel }, i) => {
    const ins = i === 0 ? width : a.channels;
    shapes.set(`${aligner}.${i + 2}.layer.weight`, [a.channels, ins, 1, kernel]);
    shapes.set(`${aligner}.${i + 2}.layer.bias`, [a.channels]);
  });
  linear(`${aligner}.2.cls_layer`, a.channels, width);
  if (a.audioToken) shapes.set("audio_cls", [width]);
}
