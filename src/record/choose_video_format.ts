import { encodesVideo } from "./encodes_video.ts";
import { RecordError } from "./gst_process.ts";
import { VIDEO_ELEMENTS, VIDEO_FORMATS, type VideoFormat } from "./video_format.ts";

/** Which GStreamer elements are installed; `hint` says how to install the others. */
export type InspectElements = (
  names: readonly string[],
) => Promise<
  readonly { readonly element: string; readonly found: boolean; readonly hint: string }[]
>;

/**
 * The best format that this machine can encode. Encoders in hardware are tried first; one that fails is passed over.
 *
 * @param works whether a format's encoder works; called for hardware only.
 * @throws {RecordError} that names the package if there is none.
 */
export async function chooseVideoFormat(
  inspect: InspectElements,
  works: (format: VideoFormat) => Promise<boolean> = encodesVideo,
): Promise<VideoFormat> {
  const missing = (await inspect(VIDEO_ELEMENTS)).find(({ found }) => !found);
  if (missing !== undefined) {
    throw new RecordError(
      `Cannot make videos: GStreamer has no element ${missing.element}${missing.hint}`,
    );
  }
  for (const format of VIDEO_FORMATS) {
    const installed = (await inspect(format.elements)).every(({ found }) => found);
    if (installed && (!format.hardware || await works(format))) return format;
  }
  const [{ hint }] = await inspect(["vp8enc"]);
  throw new RecordError(`Cannot make videos: GStreamer has no encoder${hint}`);
}
