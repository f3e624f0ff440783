import { RecordError, spawnLaunch } from "./gst_process.ts";
import type { VideoFormat } from "./video_format.ts";

/** How long a trial may take; drivers that are loaded first need seconds. */
const TRIAL_MS = 15_000;

/** Whether a format's encoder works on this machine: it encodes ten pictures in a process of its own. */
export async function encodesVideo({ video }: Pick<VideoFormat, "video">): Promise<boolean> {
  const launch = "videotestsrc num-buffers=10 ! " +
    `video/x-raw,format=RGB,width=320,height=240,framerate=10/1 ! videoconvert ! ${video} ! ` +
    "fakesink";
  try {
    const process = spawnLaunch(
      launch,
      { stdin: "null", stdout: "null" },
      AbortSignal.timeout(TRIAL_MS),
    );
    await process.stderr.pipeTo(new WritableStream());
    return (await process.status).success;
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return false;
  }
}
