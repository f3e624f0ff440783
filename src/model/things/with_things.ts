import type { Encoders, ImageFeatures } from "../encoders.ts";
import type { Thing } from "./thing_bank.ts";

/**
 * Cosine of a patch and a thing at which both are as likely as not to be the same, and the cosine's scale. Chosen on
 * photographs of the validation split; see docs/models.md.
 */
const LIKENESS = { at: 0.5, scale: 0.03 };

/** What changes the image features. */
type ShownThing = Required<Thing>;

/** A code that is shorter everywhere is not added: most things are in no picture. */
const LEAST_LENGTH = 1e-3;

/**
 * Encoders whose image features also match the sounds and names of things that were shown: each patch that looks like one
 * gets its audio code added. The manifest's bounds are raised by as much. Names without a picture change nothing.
 */
export function withThings(encoders: Encoders, bank: readonly Thing[]): Encoders {
  const things = bank.flatMap(({ picture, ...thing }) => picture ? [{ ...thing, picture }] : []);
  if (things.length === 0) return encoders;
  const { manifest } = encoders;
  const groups = manifest.heads.map(({ kind }) => things.filter((thing) => thing.kind === kind));
  return {
    manifest: {
      ...manifest,
      heads: manifest.heads.map((head, k) =>
        head.bound === undefined || groups[k].length === 0
          ? head
          : { ...head, bound: head.bound + Math.max(...groups[k].map(({ length }) => length)) }
      ),
    },
    image: encoders.image,
    audio: encoders.audio,
    givesPresence: encoders.givesPresence,
    takesAnyLength: encoders.takesAnyLength,
    takesColumns: encoders.takesColumns,
    encodeAudio: (...window) => encoders.encodeAudio(...window),
    encodeImages: async (frames, count) =>
      addCodes(await encoders.encodeImages(frames, count), groups),
    release: () => encoders.release(),
  };
}

/** @param groups things of each head */
function addCodes(image: ImageFeatures, groups: readonly (readonly ShownThing[])[]): ImageFeatures {
  const [count, channels, height, width] = image.dims;
  const cells = height * width;
  const features = image.features.slice();
  for (let n = 0; n < count; n++) {
    const seen = image.features.subarray(n * channels * cells, (n + 1) * channels * cells);
    const lengths = cellLengths(seen, channels, cells);
    groups.forEach((things, head) => {
      if (things.length === 0) return;
      const likeness = things.map(({ picture }) => cosines(seen, picture, lengths));
      shareCells(likeness, things, cells);
      things.forEach(({ code }, i) => {
        if (likeness[i].every((length) => length < LEAST_LENGTH)) return;
        const start = n * channels * cells + head * code.length * cells;
        for (let c = 0; c < code.length; c++) {
          const row = start + c * cells;
          for (let p = 0; p < cells; p++) features[row + p] += code[c] * likeness[i][p];
        }
      });
    });
  }
  return { ...image, features };
}

function cellLengths(seen: Float32Array, channels: number, cells: number): Float32Array {
  const lengths = new Float32Array(cells);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < cells; p++) lengths[p] += seen[c * cells + p] ** 2;
  }
  return lengths.map((square) => Math.max(Math.sqrt(square), 1e-6));
}

function cosines(seen: Float32Array, picture: Float32Array, lengths: Float32Array): Float32Array {
  const cells = lengths.length;
  const products = new Float32Array(cells);
  for (let c = 0; c < picture.length; c++) {
    const value = picture[c];
    for (let p = 0; p < cells; p++) products[p] += value * seen[c * cells + p];
  }
  return products.map((product, p) => product / lengths[p]);
}

/** Turns cosines into the length of each thing's code in each cell; things that look alike share a cell. */
function shareCells(
  likeness: readonly Float32Array[],
  things: readonly ShownThing[],
  cells: number,
): void {
  const { at, scale } = LIKENESS;
  for (let p = 0; p < cells; p++) {
    let highest = -Infinity;
    for (const thing of likeness) highest = Math.max(highest, thing[p]);
    let sum = 0;
    for (const thing of likeness) sum += Math.exp((thing[p] - highest) / scale);
    likeness.forEach((thing, i) => {
      const share = Math.exp((thing[p] - highest) / scale) / sum;
      thing[p] = things[i].length * share / (1 + Math.exp((at - thing[p]) / scale));
    });
  }
}
