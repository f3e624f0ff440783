import type { Manifest } from "../model/manifest.ts";
import { type AudioTimes, windowSamples } from "../model/window_samples.ts";
import type { WrittenFile } from "../onnx/write_model.ts";
import type { Architecture } from "./checkpoint/architecture.ts";
import { modelFlops } from "./graph/flops.ts";
import type { HeadKinds } from "./head_kinds.ts";
import type { Precision } from "./graph/layers.ts";
import { audioTiming, SAMPLE_RATE } from "./graph/timing.ts";
import { cardLicense, folderName } from "./checkpoint/weights_folder.ts";

/** Everything that a manifest is made from. */
export interface ManifestFacts {
  readonly name: string;
  /** Folder of the weights. */
  readonly folder: string;
  readonly precision: Precision;
  readonly image: { readonly width: number; readonly height: number };
  /** s */
  readonly window: number;
  readonly fixed?: boolean;
  readonly source?: string;
  readonly license?: string;
  readonly architecture: Architecture;
  /** Whether audio.onnx takes and gives columns. */
  readonly columns: boolean;
  readonly heads: HeadKinds;
  readonly files: {
    readonly image: readonly WrittenFile[];
    readonly audio: readonly WrittenFile[];
  };
  readonly check: Readonly<Record<string, number>>;
  /** Weights in the file. */
  readonly parameters: number;
}

/** The manifest of an imported model. */
export function manifestOf(facts: ManifestFacts): Manifest {
  const { architecture, files, heads, precision } = facts;
  const { width, height } = facts.image;
  const { patch } = architecture.image;
  const times = audioTimes(architecture);
  const flops = modelFlops(architecture, facts.image, facts.window);
  const external = [...files.image, ...files.audio].filter(({ file }) => file.endsWith(".data"));
  return {
    format: "whence/model/1",
    name: facts.name,
    version: 1,
    license: facts.license ?? cardLicense(facts.folder) ??
      "not stated; see the source (DenseAV's code is MIT)",
    source: facts.source ?? folderName(facts.folder),
    description: `DenseAV (arXiv 2406.05629): ViT-${architecture.image.depth}/${patch} and ` +
      `HuBERT-${architecture.audio.depth}, ${
        (facts.parameters / 1e6).toFixed(1)
      } M parameters, ${precision}`,
    image: {
      file: "image.onnx",
      sha256: files.image[0].sha256,
      width,
      height,
      grid: { width: width / patch, height: height / patch },
      flops: flops.frame,
    },
    audio: {
      file: "audio.onnx",
      sha256: files.audio[0].sha256,
      ...times,
      receptive_field: audioTiming(architecture).receptiveField,
      whole_window: true,
      min_samples: facts.fixed ? windowSamples(times, facts.window) : times.min_samples,
      flops_per_second: flops.second,
      ...(facts.columns && { columns: columnsOf(architecture.audio) }),
    },
    external_data: external.map(({ file, sha256 }) => ({ file, sha256 })),
    channels: architecture.channels,
    class_token: architecture.classToken,
    heads: heads.kinds.map((kind) => ({ kind, verified: heads.verified })),
    check: {
      precision,
      relative_l2: Number(Math.max(...Object.values(facts.check)).toPrecision(3)),
    },
  };
}

/** The stretches of audio that are convolved to one column each. */
function columnsOf(audio: Architecture["audio"]) {
  const { featureRate, receptiveField } = audioTiming({ audio, pools: [] });
  return {
    samples: Math.round(SAMPLE_RATE / featureRate),
    receptive_field: Math.round(receptiveField * SAMPLE_RATE),
    channels: audio.width,
  };
}

/** An architecture's audio timing under the manifest's names. */
export function audioTimes(architecture: Architecture): AudioTimes {
  const { featureRate, firstFeature, minSamples } = audioTiming(architecture);
  return {
    sample_rate: SAMPLE_RATE,
    feature_rate: featureRate,
    first_feature: firstFeature,
    min_samples: minSamples,
  };
}
