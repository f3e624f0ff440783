import { join } from "node:path";
import sharp from "sharp";
import type { Size } from "../../src/core/resize_bilinear.ts";
import { boxMask, madePicture, madeSound, writePng, writeWav } from "./made_scenes.ts";

/** A prompt: the class's box in shares of the picture, the word's time in seconds. */
export interface Row {
  readonly seed: number;
  readonly classId: number;
  readonly box: readonly number[];
  readonly timing: readonly [number, number];
}

/** Two classes, one in two pictures; one word's time reaches far beyond its 2.5 s clip. */
export const ROWS: Row[] = [
  { seed: 31, classId: 300, box: [0.1, 0.2, 0.5, 0.7], timing: [0.5, 1] },
  { seed: 32, classId: 300, box: [0.4, 0.3, 0.9, 0.9], timing: [1.9, 4] },
  { seed: 33, classId: 7, box: [0, 0, 0.6, 0.5], timing: [0.3, 2.4] },
];

/** The published layout, smaller: list, frames, annotations in ADE20K's two colors, prompts. */
export async function writeAde20k(
  root: string,
  rows: readonly Row[],
  { width, height }: Size = { width: 128, height: 160 },
): Promise<void> {
  const place = (seed: number) => `validation/room/${seed}`;
  for (const folder of ["frames", "annotations"]) {
    await Deno.mkdir(join(root, folder, "validation", "room"), { recursive: true });
  }
  await Deno.mkdir(join(root, "audio"), { recursive: true });
  const list = ["image_location,ade_class_id,speech_prompt_file,vggsound_file,timing"];
  for (const { seed, classId, box, timing } of rows) {
    list.push(
      `${place(seed)}.jpg,${classId},old/place/${seed}.wav,old/${seed}.wav,"${
        JSON.stringify(timing)
      }"`,
    );
    const raw = { width, height, channels: 3 as const };
    await sharp(madePicture(seed, width, height), { raw }).jpeg({ quality: 100 })
      .toFile(join(root, "frames", `${place(seed)}.jpg`));
    const colors = boxMask(width, height, box).reduce<number[]>((all, inside, i) => {
      const label = inside ? classId : 512;
      all.push(Math.floor(label / 256) * 10 + i % 10, label % 256, i % 256);
      return all;
    }, []);
    const file = join(root, "annotations", `${place(seed)}_seg.png`);
    await writePng(file, Uint8Array.from(colors), width, height);
    await writeWav(join(root, "audio", `${seed}.wav`), madeSound(seed, 2.5));
  }
  list.push(`${place(31)}.jpg,0,old/31.wav,old/31.wav,"[0.5, 1]"`, `${place(31)}.jpg,9,,,`);
  await Deno.writeTextFile(join(root, "prompted_segmentation.csv"), `${list.join("\n")}\n`);
}
