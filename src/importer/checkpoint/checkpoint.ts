import { ImportError } from "../import_error.ts";
import { SafetensorsFile } from "./safetensors.ts";

/** The `lora_alpha` of peft in the original training; the scale is alpha / rank. */
export const LORA_ALPHA = 32;

/**
 * Published weights under one spelling of their names, independent of the tool that wrote them.
 *
 * peft wraps a module (`base_model.model.`) and, since 0.7, each layer (`.base_layer`); PyTorch ≥ 2
 * spells weight norm as a parametrization. Neither changes the numbers.
 */
export class Checkpoint implements Disposable {
  readonly #file: SafetensorsFile;
  readonly #stored = new Map<string, string>();

  constructor(path: string) {
    this.#file = SafetensorsFile.open(path);
    for (const stored of this.#file.tensors.keys()) {
      const name = canonicalName(stored);
      const other = this.#stored.get(name);
      if (other !== undefined) {
        this.#file[Symbol.dispose]();
        throw new ImportError(
          `Cannot read ${path}: each weight must appear once, got ${other} and ${stored}`,
        );
      }
      this.#stored.set(name, stored);
    }
  }

  names(): IterableIterator<string> {
    return this.#stored.keys();
  }

  has(name: string): boolean {
    return this.#stored.has(name);
  }

  /** The name in the file of a canonical name. */
  storedName(name: string): string {
    return this.#stored.get(name) ?? name;
  }

  /** Number of weights in the file. */
  get parameters(): number {
    let count = 0;
    for (const { shape } of this.#file.tensors.values()) count += shape.reduce((a, b) => a * b, 1);
    return count;
  }

  /** @throws {ImportError} when the weight is missing. */
  shape(name: string): readonly number[] {
    const entry = this.#file.tensors.get(this.storedName(name));
    if (!entry) throw new ImportError(`Cannot import: the weights must hold ${name}`);
    return entry.shape;
  }

  /** One weight as float32, row-major. */
  read(name: string): Float32Array<ArrayBuffer> {
    return this.#file.read(this.storedName(name));
  }

  /** Rank of the low-rank update of layer `name`, or 0 without one. */
  loraRank(name: string): number {
    const a = `${name}.lora_A.default.weight`;
    return this.has(a) ? this.shape(a)[0] : 0;
  }

  /**
   * Weight of linear layer `name`, `[out, in]` row-major, with its low-rank update merged:
   * `W + alpha/rank · B · A` (LoRA, arXiv 2106.09685, § 4.1).
   */
  readLinear(name: string): Float32Array<ArrayBuffer> {
    const weight = this.read(`${name}.weight`);
    const rank = this.loraRank(name);
    if (rank === 0) return weight;
    const [outs, ins] = this.shape(`${name}.weight`);
    const a = this.read(`${name}.lora_A.default.weight`);
    const b = this.read(`${name}.lora_B.default.weight`);
    const update = new Float64Array(ins);
    for (let o = 0; o < outs; o++) {
      update.fill(0);
      for (let r = 0; r < rank; r++) {
        const factor = b[o * rank + r] * (LORA_ALPHA / rank);
        for (let i = 0; i < ins; i++) update[i] += factor * a[r * ins + i];
      }
      for (let i = 0; i < ins; i++) weight[o * ins + i] += update[i];
    }
    return weight;
  }

  /**
   * Weight of convolution `name`, weight norm resolved: `g · v / |v|` with the norm over all axes
   * but the last (one g for each kernel position; transformers' HuBERT uses `dim=2`).
   */
  readWeightNormed(name: string): Float32Array<ArrayBuffer> {
    if (this.has(`${name}.weight`)) return this.read(`${name}.weight`);
    const gain = this.read(`${name}.weight_g`);
    const weight = this.read(`${name}.weight_v`);
    const kernel = gain.length;
    const squares = new Float64Array(kernel);
    for (let i = 0; i < weight.length; i++) squares[i % kernel] += weight[i] ** 2;
    for (let i = 0; i < weight.length; i++) {
      weight[i] = gain[i % kernel] * weight[i] / Math.sqrt(squares[i % kernel]);
    }
    return weight;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** The spelling of a weight's name that the importer uses. */
export function canonicalName(stored: string): string {
  return stored
    .replace(/^(image_model|audio_model)\.base_model\.model\./, "$1.")
    .replace(".base_layer.", ".")
    .replace(".parametrizations.weight.original0", ".weight_g")
    .replace(".parametrizations.weight.original1", ".weight_v");
}
