import type { Checkpoint } from "./checkpoint.ts";
import type { HyperParameters } from "./hyper_parameters.ts";
import { ImportError } from "../import_error.ts";

/** A stack of transformer blocks. */
export interface Encoder {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly hidden: number;
}

/** DINO's vision transformer (arXiv 2104.14294). */
export interface VisionEncoder extends Encoder {
  /** Side of a patch in pixels. */
  readonly patch: number;
  /** Side of the square grid that the position embedding was trained on. */
  readonly grid: number;
}

/** One convolution over time. */
export interface TimeConv {
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
}

/** HuBERT (arXiv 2106.07447) with layer-normed convolutions and pre-norm blocks, as the large model. */
export interface AudioEncoder extends Encoder {
  readonly convs: readonly TimeConv[];
  readonly positionKernel: number;
  readonly positionGroups: number;
}

/** The structure of a checkpoint's network. */
export interface Architecture {
  readonly image: VisionEncoder;
  readonly audio: AudioEncoder;
  /** Time pooling between HuBERT and the aligner's attention block. */
  readonly pools: readonly TimeConv[];
  /** The audio aligner's block; wider than `channels` if 6 heads do not divide them. */
  readonly alignerBlock: Encoder;
  /** C of the features. */
  readonly channels: number;
  /** Heads of the similarity. */
  readonly heads: number;
  /** Whether the similarity adds the class tokens' product. */
  readonly classToken: boolean;
  /** Whether a learned audio class token runs through the aligner. */
  readonly audioToken: boolean;
}

// HuBERT's strides, which no tensor's shape depends on. Kernels (10, 3, 3, 3, 3, 2, 2) are read from the weights.
const CONV_STRIDES = [5, 2, 2, 2, 2, 2, 2];
/** The number of the aligner's attention heads is fixed in the original. */
const ALIGNER_HEADS = 6;
/** Head width of both encoders if the configuration does not state their number of heads. */
const HEAD_WIDTH = 64;

/**
 * Derives the sizes from the tensors' shapes.
 *
 * @throws {ImportError} when the sizes contradict each other or the configuration.
 */
export function readArchitecture(weights: Checkpoint, config: HyperParameters): Architecture {
  const [, , vitWidth] = shapeOf(weights, "image_model.model.cls_token", 3);
  const [, , patch] = shapeOf(weights, "image_model.model.patch_embed.proj.weight", 4);
  const [, positions] = shapeOf(weights, "image_model.model.pos_embed", 3);
  const grid = Math.sqrt(positions - 1);
  if (!Number.isInteger(grid) || grid < 1) {
    throw new ImportError(
      `Cannot import: the position embedding must be a square grid and a class token, got ${positions} positions`,
    );
  }
  const [hubertWidth, lastConv] = shapeOf(
    weights,
    "audio_model.model.feature_projection.projection.weight",
    2,
  );
  const convs = readConvs(weights, lastConv);
  const position = positionConvShape(weights);
  const [channels] = shapeOf(weights, "image_aligner.layer.weight", 4);
  const [alignerHidden, alignerWidth] = shapeOf(
    weights,
    "audio_aligner.mod_list.4.block.mlp.fc1.weight",
    2,
  );
  const pools = [2, 3].map((index): TimeConv => {
    const [out, , , kernel] = shapeOf(weights, `audio_aligner.mod_list.${index}.layer.weight`, 4);
    return { channels: out, kernel, stride: kernel };
  });
  const padding = (ALIGNER_HEADS - channels % ALIGNER_HEADS) % ALIGNER_HEADS;
  if (alignerWidth !== channels + padding) {
    throw new ImportError(
      `Cannot import: the audio aligner must be ${channels + padding} wide, got ${alignerWidth}`,
    );
  }
  if (channels % config.sim_agg_heads !== 0) {
    throw new ImportError(
      `Cannot import: sim_agg_heads must divide the ${channels} channels, got ${config.sim_agg_heads}`,
    );
  }
  const audioToken = weights.has("audio_cls");
  if (config.sim_use_cls && !audioToken) {
    throw new ImportError("Cannot import: the weights must hold audio_cls, as sim_use_cls is true");
  }
  return {
    image: {
      width: vitWidth,
      depth: countLayers(weights, /^image_model\.model\.blocks\.(\d+)\./),
      heads: headCount("image_attention_heads", config.image_attention_heads, vitWidth),
      hidden: shapeOf(weights, "image_model.model.blocks.0.mlp.fc1.weight", 2)[0],
      patch,
      grid,
    },
    audio: {
      width: hubertWidth,
      depth: countLayers(weights, /^audio_model\.model\.encoder\.layers\.(\d+)\./),
      heads: headCount("audio_attention_heads", config.audio_attention_heads, hubertWidth),
      hidden: shapeOf(
        weights,
        "audio_model.model.encoder.layers.0.feed_forward.intermediate_dense.weight",
        2,
      )[0],
      convs,
      positionKernel: position[2],
      positionGroups: hubertWidth / position[1],
    },
    pools,
    alignerBlock: {
      width: alignerWidth,
      depth: 1,
      heads: ALIGNER_HEADS,
      hidden: alignerHidden,
    },
    channels,
    heads: config.sim_agg_heads,
    classToken: config.sim_use_cls,
    audioToken,
  };
}

function shapeOf(weights: Checkpoint, name: string, axes: number): readonly number[] {
  const shape = weights.shape(name);
  if (shape.length !== axes || shape.some((dim) => dim < 1)) {
    throw new ImportError(
      `Cannot import: ${
        weights.storedName(name)
      } must have ${axes} axes, none empty, got [${shape}]`,
    );
  }
  return shape;
}

function readConvs(weights: Checkpoint, lastChannels: number): TimeConv[] {
  const count = countLayers(
    weights,
    /^audio_model\.model\.feature_extractor\.conv_layers\.(\d+)\./,
  );
  if (count !== CONV_STRIDES.length) {
    throw new ImportError(
      `Cannot import: the audio encoder must have ${CONV_STRIDES.length} convolutions, got ${count}`,
    );
  }
  const convs = CONV_STRIDES.map((stride, index): TimeConv => {
    const name = `audio_model.model.feature_extractor.conv_layers.${index}.conv.weight`;
    const [channels, , kernel] = shapeOf(weights, name, 3);
    return { channels, kernel, stride };
  });
  if (convs[convs.length - 1].channels !== lastChannels) {
    throw new ImportError(
      `Cannot import: the feature projection must take ${
        convs[convs.length - 1].channels
      } channels, got ${lastChannels}`,
    );
  }
  return convs;
}

function positionConvShape(weights: Checkpoint): readonly number[] {
  const base = "audio_model.model.encoder.pos_conv_embed.conv";
  const name = weights.has(`${base}.weight`) ? `${base}.weight` : `${base}.weight_v`;
  const shape = shapeOf(weights, name, 3);
  if (shape[0] % shape[1] !== 0) {
    throw new ImportError(
      `Cannot import: the positional convolution's groups must divide its ${
        shape[0]
      } channels, got ${shape[1]} channels per group`,
    );
  }
  return shape;
}

// Counts distinct indices, so that one absurd index does not mean a million layers.
function countLayers(weights: Checkpoint, pattern: RegExp): number {
  const indices = new Set<string>();
  for (const name of weights.names()) {
    const match = pattern.exec(name);
    if (match) indices.add(match[1]);
  }
  return indices.size;
}

function headCount(key: string, configured: number | undefined, width: number): number {
  const heads = configured ?? width / HEAD_WIDTH;
  if (!Number.isInteger(heads) || width % heads !== 0) {
    throw new ImportError(
      `Cannot import: ${key} must divide the encoder's width ${width}, got ${heads}`,
    );
  }
  return heads;
}
