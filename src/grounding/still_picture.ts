/** Pixels along each side of a block. */
const BLOCK = 8;

/** Largest difference of a block's mean color that sensor noise makes, of 255. */
const NOISE = 2;

/**
 * Tells whether RGB pictures of one size show the same as a reference picture: no block of 8 × 8 pixels has changed its mean
 * color by more than noise. Motion of a small object changes a block by several levels.
 */
export class StillPicture {
  readonly #width: number;
  readonly #columns: number;
  #reference: Float32Array;
  #means: Float32Array;
  #set = false;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#columns = Math.ceil(width / BLOCK);
    const blocks = this.#columns * Math.ceil(height / BLOCK);
    this.#reference = new Float32Array(3 * blocks);
    this.#means = new Float32Array(3 * blocks);
  }

  /** Whether a picture shows the same as the reference; if not, it becomes the reference. */
  isSame(picture: Uint8Array): boolean {
    this.#measure(picture);
    const same = this.#set &&
      this.#means.every((mean, i) => Math.abs(mean - this.#reference[i]) <= NOISE);
    if (same) return true;
    [this.#reference, this.#means] = [this.#means, this.#reference];
    this.#set = true;
    return false;
  }

  #measure(picture: Uint8Array): void {
    const means = this.#means.fill(0);
    const rowBytes = 3 * this.#width;
    for (let at = 0, y = 0; at < picture.length; y++) {
      const row = Math.floor(y / BLOCK) * this.#columns;
      for (let x = 0; x < this.#width; x++, at += 3) {
        const block = 3 * (row + Math.floor(x / BLOCK));
        means[block] += picture[at];
        means[block + 1] += picture[at + 1];
        means[block + 2] += picture[at + 2];
      }
    }
    const height = picture.length / rowBytes;
    for (let block = 0; block < means.length / 3; block++) {
      const [left, top] = [block % this.#columns, Math.floor(block / this.#columns)];
      const pixels = Math.min(BLOCK, this.#width - left * BLOCK) *
        Math.min(BLOCK, height - top * BLOCK);
      for (let c = 0; c < 3; c++) means[3 * block + c] /= pixels;
    }
  }
}
