/** Largest difference of a block's mean color that sensor noise makes, of 255. */
const NOISE = 2;

/**
 * Largest difference that a camera's shake makes, in standard deviations of the picture's block means. A shift by one pixel
 * at a sharp border changes a block of 16 × 16 pixels by 1/16 of the border's contrast.
 */
const SHAKE = 0.15;

/** What is compared of a picture. */
export interface PictureLook {
  /** Mean color of each block. */
  readonly means: Float32Array;
  /** Largest difference of a picture that shows the same. */
  readonly tolerance: number;
}

/**
 * Tells whether RGB pictures of one size show the same as a reference picture: no block has changed its mean color by more than
 * noise or a shift by about one pixel. Motion of an object of half a block's size changes a block by more.
 */
export class StillPicture {
  readonly #width: number;
  readonly #block: number;
  readonly #columns: number;
  readonly #counts: Float32Array;
  #reference: PictureLook | undefined;

  /** @param block pixels along each side of a block; the last ones of rows and columns may have fewer. */
  constructor(width: number, height: number, block: number) {
    this.#width = width;
    this.#block = block;
    this.#columns = Math.ceil(width / block);
    const rows = Math.ceil(height / block);
    const size = (at: number, whole: number) => Math.min(block, whole - at * block);
    this.#counts = Float32Array.from(
      { length: this.#columns * rows },
      (_, i) => size(i % this.#columns, width) * size(Math.floor(i / this.#columns), height),
    );
  }

  /**
   * Whether a picture shows the same as the reference; if not, it becomes the reference.
   *
   * @param look of the picture, if it has been measured.
   */
  isSame(picture: Uint8Array, look: PictureLook = this.look(picture)): boolean {
    if (this.#reference && looksSame(look, this.#reference)) return true;
    this.#reference = look;
    return false;
  }

  /** How the reference looks; undefined before the first picture. */
  get reference(): PictureLook | undefined {
    return this.#reference;
  }

  /** Measures a picture without comparing it. */
  look(picture: Uint8Array): PictureLook {
    const means = new Float32Array(3 * this.#counts.length);
    for (let at = 0, y = 0; at < picture.length; y++) {
      let block = 3 * this.#columns * Math.floor(y / this.#block);
      for (let x = 0; x < this.#width; x += this.#block, block += 3) {
        let [red, green, blue] = [0, 0, 0];
        for (const end = at + 3 * Math.min(this.#block, this.#width - x); at < end; at += 3) {
          red += picture[at];
          green += picture[at + 1];
          blue += picture[at + 2];
        }
        means[block] += red;
        means[block + 1] += green;
        means[block + 2] += blue;
      }
    }
    for (let i = 0; i < means.length; i++) means[i] /= this.#counts[Math.floor(i / 3)];
    return { means, tolerance: Math.max(NOISE, SHAKE * deviation(means)) };
  }
}

/** Whether a picture shows the same as a reference. */
export function looksSame({ means }: PictureLook, reference: PictureLook): boolean {
  return means.every((mean, i) => Math.abs(mean - reference.means[i]) <= reference.tolerance);
}

/** Standard deviation. */
function deviation(values: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return Math.sqrt(Math.max(0, squares / values.length - mean * mean));
}
