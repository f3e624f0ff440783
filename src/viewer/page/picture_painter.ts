import type { KeptPicture } from "./camera_store.ts";

/** Decodes pictures one at a time and draws the newest one that is wanted. */
export class PicturePainter {
  #wanted: KeptPicture | undefined;
  #shown: KeptPicture | undefined;
  #busy = false;

  /** The picture that the canvas shows. */
  get shown(): KeptPicture | undefined {
    return this.#shown;
  }

  /** Draws a picture as soon as it is decoded, unless another one is wanted by then. */
  draw(canvas: HTMLCanvasElement, picture: KeptPicture | undefined): void {
    this.#wanted = picture;
    if (!this.#busy && picture && picture !== this.#shown) void this.#next(canvas);
  }

  async #next(canvas: HTMLCanvasElement): Promise<void> {
    this.#busy = true;
    try {
      for (let picture; (picture = this.#wanted) && picture !== this.#shown;) {
        const bitmap = await createImageBitmap(picture.blob);
        if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
          canvas.width = bitmap.width;
          canvas.height = bitmap.height;
        }
        canvas.getContext("2d", { alpha: false })!.drawImage(bitmap, 0, 0);
        bitmap.close();
        this.#shown = picture;
      }
    } catch {
      // A damaged picture; the next one comes.
      this.#shown = this.#wanted;
    } finally {
      this.#busy = false;
    }
  }
}
