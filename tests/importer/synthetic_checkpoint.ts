import { join } from "node:path";

/** Sizes of a checkpoint of the published layout. */
export interface SyntheticSizes {
  readonly image: { width: number; depth: number; hidden: number; patch: number; grid: number };
  readonly audio: { width: number; depth: number; hidden: number; conv: number; kernel: number };
  readonly channels: number;
  readonly heads: number;
  readonly loraRank: number;
  readonly attentionHeads?: { image: number; audio: number };
  readonly useCls?: boolean;
}

/** The published models' sizes: ViT-S/8 and HuBERT-large, 512 channels, 342 M parameters. */
export const FULL_SIZE: SyntheticSizes = {
  image: { width: 384, depth: 12, hidden: 1536, patch: 8, grid: 28 },
  audio: { width: 1024, depth: 24, hidden: 4096, conv: 512, kernel: 128 },
  channels: 512,
  heads: 2,
  loraRank: 8,
};

/** A checkpoint of a few hundred kilobytes whose aligner needs padding, as the full-size one does. */
export const TINY: SyntheticSizes = {
  image: { width: 12, depth: 2, hidden: 24, patch: 8, grid: 4 },
  audio: { width: 32, depth: 2, hidden: 48, conv: 8, kernel: 16 },
  channels: 16,
  heads: 2,
  loraRank: 2,
  attentionHeads: { image: 2, audio: 4 },
};

type Spec = [name: string, shape: number[], scale: number, mean: number];

/** Every tensor of such a checkpoint, with the spread of its random values. */
export function tensorSpecs(sizes: SyntheticSizes): Spec[] {
  const specs: Spec[] = [];
  const weight = (name: string, ...shape: number[]) =>
    specs.push([name, shape, 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1)), 0]);
  const linear = (name: string, outs: number, ins: number) => {
    weight(`${name}.weight`, outs, ins);
    specs.push([`${name}.bias`, [outs], 0.02, 0]);
  };
  const norm = (name: string, width: number) => {
    specs.push([`${name}.weight`, [width], 0.1, 1], [`${name}.bias`, [width], 0.1, 0]);
  };
  const block = (name: string, width: number, hidden: number, lora: number) => {
    norm(`${name}.norm1`, width);
    linear(`${name}.attn.qkv`, 3 * width, width);
    if (lora > 0) {
      weight(`${name}.attn.qkv.lora_A.default.weight`, lora, width);
      specs.push([`${name}.attn.qkv.lora_B.default.weight`, [3 * width, lora], 0.02, 0]);
    }
    linear(`${name}.attn.proj`, width, width);
    norm(`${name}.norm2`, width);
    linear(`${name}.mlp.fc1`, hidden, width);
    linear(`${name}.mlp.fc2`, width, hidden);
  };
  const { image, audio, channels, loraRank } = sizes;
  const vit = loraRank > 0 ? "image_model.base_model.model.model" : "image_model.model";
  specs.push([`${vit}.cls_token`, [1, 1, image.width], 0.1, 0]);
  specs.push([`${vit}.pos_embed`, [1, image.grid ** 2 + 1, image.width], 0.3, 0]);
  weight(`${vit}.patch_embed.proj.weight`, image.width, 3, image.patch, image.patch);
  specs.push([`${vit}.patch_embed.proj.bias`, [image.width], 0.02, 0]);
  for (let i = 0; i < image.depth; i++) {
    block(`${vit}.blocks.${i}`, image.width, image.hidden, loraRank);
  }
  norm(`${vit}.norm`, image.width);
  norm("image_aligner.norm.norm", image.width);
  weight("image_aligner.layer.weight", channels, image.width, 1, 1);
  specs.push(["image_aligner.layer.bias", [channels], 0.02, 0]);
  linear("image_aligner.cls_layer", channels, image.width);

  const hubert = "audio_model.model";
  [10, 3, 3, 3, 3, 2, 2].forEach((kernel, i) => {
    const name = `${hubert}.feature_extractor.conv_layers.${i}`;
    weight(`${name}.conv.weight`, audio.conv, i === 0 ? 1 : audio.conv, kernel);
    specs.push([`${name}.conv.bias`, [audio.conv], 0.02, 0]);
    norm(`${name}.layer_norm`, audio.conv);
  });
  norm(`${hubert}.feature_projection.layer_norm`, audio.conv);
  linear(`${hubert}.feature_projection.projection`, audio.width, audio.conv);
  const position = `${hubert}.encoder.pos_conv_embed.conv`;
  specs.push([`${position}.weight_g`, [1, 1, audio.kernel], 0.1, 1]);
  specs.push([`${position}.weight_v`, [audio.width, audio.width / 16, audio.kernel], 1, 0]);
  specs.push([`${position}.bias`, [audio.width], 0.02, 0]);
  for (let i = 0; i < audio.depth; i++) {
    const layer = `${hubert}.encoder.layers.${i}`;
    norm(`${layer}.layer_norm`, audio.width);
    for (const part of ["q", "k", "v", "out"]) {
      linear(`${layer}.attention.${part}_proj`, audio.width, audio.width);
    }
    norm(`${layer}.final_layer_norm`, audio.width);
    linear(`${layer}.feed_forward.intermediate_dense`, audio.hidden, audio.width);
    linear(`${layer}.feed_forward.output_dense`, audio.width, audio.hidden);
  }
  norm(`${hubert}.encoder.layer_norm`, audio.width);
  specs.push([`${hubert}.masked_spec_embed`, [audio.width], 0.1, 0]);

  const aligner = "audio_aligner.mod_list";
  const blockWidth = channels + (6 - channels % 6) % 6;
  norm(`${aligner}.1.norm`, audio.width);
  weight(`${aligner}.2.layer.weight`, channels, audio.width, 1, 3);
  specs.push([`${aligner}.2.layer.bias`, [channels], 0.02, 0]);
  linear(`${aligner}.2.cls_layer`, channels, audio.width);
  weight(`${aligner}.3.layer.weight`, channels, channels, 1, 3);
  specs.push([`${aligner}.3.layer.bias`, [channels], 0.02, 0]);
  block(`${aligner}.4.block`, blockWidth, 4 * blockWidth, 0);
  specs.push(["audio_cls", [audio.width], 1, 0], ["sim_cal.w", [1], 0.1, 0]);
  return specs;
}

/** Writes `config.json` and `model.safetensors` with seeded random weights, one tensor at a time. */
export async function writeSyntheticCheckpoint(
  folder: string,
  sizes: SyntheticSizes,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const config = {
    image_model_type: "dino8",
    image_model_token_type: "token",
    image_aligner_type: "image_linear",
    audio_model_type: "hubert",
    audio_aligner_type: "audio_sa_3_3_pool_2",
    sim_agg_heads: sizes.heads,
    sim_use_cls: sizes.useCls ?? false,
    ...sizes.attentionHeads && {
      image_attention_heads: sizes.attentionHeads.image,
      audio_attention_heads: sizes.attentionHeads.audio,
    },
  };
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config, null, 2));
  const specs = tensorSpecs(sizes);
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const [name, shape] of specs) {
    const end = offset + 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  using file = await Deno.open(join(folder, "model.safetensors"), {
    write: true,
    create: true,
    truncate: true,
  });
  await writeAll(file, length);
  await writeAll(file, json);
  const random = uniform(20240610);
  for (const [, shape, scale, mean] of specs) {
    // A uniform spread of the same deviation stands in for a normal one.
    const spread = scale * Math.sqrt(12);
    const values = Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => mean + spread * (random() - 0.5),
    );
    await writeAll(file, new Uint8Array(values.buffer));
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

if (import.meta.main) {
  const [folder, size] = Deno.args;
  if (!folder) {
    console.error("usage: synthetic_checkpoint.ts FOLDER [full|tiny]");
    Deno.exit(2);
  }
  await writeSyntheticCheckpoint(folder, size === "tiny" ? TINY : FULL_SIZE);
}
