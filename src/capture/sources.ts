import type { SourceDescriptor } from "./source.ts";
import { alsa } from "./sources/alsa.ts";
import { argus } from "./sources/argus.ts";
import { file } from "./sources/file.ts";
import { graph } from "./sources/graph.ts";
import { http } from "./sources/http.ts";
import { libcamera } from "./sources/libcamera.ts";
import { pulse } from "./sources/pulse.ts";
import { rtsp } from "./sources/rtsp.ts";
import { silence } from "./sources/silence.ts";
import { test } from "./sources/test.ts";
import { v4l2 } from "./sources/v4l2.ts";

/** The sources that Whence can capture from, in the order in which help texts list them. */
export const SOURCES: readonly SourceDescriptor[] = [
  file,
  rtsp,
  http,
  v4l2,
  argus,
  libcamera,
  alsa,
  pulse,
  test,
  silence,
  graph,
];
