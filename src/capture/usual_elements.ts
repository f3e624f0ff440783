import { launchElements } from "./launch_text.ts";
import { audioTail, type FrameFormat, videoTail } from "./sink_bin.ts";
import type { LaunchRequest, SourceDescriptor, SourceKey, Stream } from "./source.ts";
import { readAddress } from "./source_address.ts";
import { SOURCES } from "./sources.ts";

const FORMAT: FrameFormat = { width: 224, height: 224, fit: "crop", frameRate: 10 };
const MODE = { leaky: false, paced: false, together: true };
const STREAMS: Readonly<Record<SourceKey, readonly Stream[]>> = {
  uri: ["video", "audio"],
  graph: ["video", "audio"],
  video: ["video"],
  audio: ["audio"],
};

/** Elements that the examples of all sources need; `doctor` checks for them without a pipeline file. */
export function usualElements(sources: readonly SourceDescriptor[] = SOURCES): string[] {
  const launches = sources.flatMap(({ forms }) =>
    Object.entries(forms).map(([name, { example }]) => {
      const key = name as SourceKey;
      const request: LaunchRequest = {
        streams: STREAMS[key],
        name: "source",
        live: true,
        format: FORMAT,
        decodebin: "decodebin",
        tail,
      };
      return readAddress(example, key, "/", sources).launch(request);
    })
  );
  return unique(launches.flatMap(launchElements));
}

/** Elements whose packages the setup installs: those of the tails and those that sources request. */
export function setupElements(sources: readonly SourceDescriptor[] = SOURCES): string[] {
  return unique([
    ...launchElements(`${tail("video")} ${tail("audio")}`),
    ...sources.flatMap(({ setup }) => setup ?? []),
  ]);
}

function tail(stream: Stream): string {
  return stream === "video" ? videoTail(FORMAT, MODE) : audioTail(16000, MODE);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
