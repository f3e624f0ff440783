/** Largest difference of a block's mean color that sensor noise makes, of 255. */
const NOISE = 2;

/**
 * Largest difference that a camera's shake makes, in standard deviations of the picture's block means. A shift by one pixel
 * at a sharp border changes a block of 16 × 16 pixels by 1/16 of the border's contrast.
 */
const SHAKE = 0.15;

/**
 * Tells whether RGB pictures of one size show the same as a reference picture: no block has changed its mean color by more than
 * noise or a shift by about one pixel. Motion of an object of half a block's size changes a block by more.
 */
export class StillPicture {
  readonly #width: number;
  readonly #block: number;
  readonly #columns: number;
  readonly #counts: Float32Array;
  #reference: Float32Array;
  #means: Float32Array;
  #tolerance = -1;

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
    this.#reference = new Float32Array(3 * this.#counts.length);
    this.#means = new Float32Array(3 * this.#counts.length);
  }

  /** Whether a picture shows the same as the reference; if not, it becomes the reference. */
  isSame(picture: Uint8Array): boolean {
    this.#measure(picture);
    if (this.#means.every((mean, i) => Math.abs(mean - this.#reference[i]) <= this.#tolerance)) {
      return true;
    }
    [this.#reference, this.#means] = [this.#means, this.#reference];
    this.#tolerance = Math.max(NOISE, SHAKE * deviation(this.#reference));
    return false;
  }

  #measure(picture: Uint8Array): void {
    const means = this.#means.fill(0);
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
  }
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
