import { fileURLToPath } from "node:url";
import { CaptureError } from "../../capture_error.ts";
import type { ChildBinding } from "../child_pipeline.ts";
import type { Channel, Message } from "../messages.ts";
import { builtAddon } from "./addon.ts";
import { GdpReader } from "./gdp.ts";
import { busMessageOf } from "./raw_message.ts";

/** Threads of Node.js that may wait in GStreamer at a time: three streams, the bus, and writing. */
const THREADS = 8;

/** The addon opens sources on the only thread of its process: if that hangs, the process cannot say so, ms. */
const GRACE_MS = 5_000;

/**
 * A capture process of Node.js that uses node-gstreamer-superficial.
 *
 * @param folders that are searched for the addon; default: those of this user and this machine.
 * @throws {CaptureError} if the addon is not built.
 */
export function superficialBinding(folders?: readonly string[]): ChildBinding {
  const folder = builtAddon(folders);
  if (folder === undefined) {
    throw new CaptureError(
      "Cannot capture with source.binding superficial: the addon is not built; run: whence setup superficial",
      ["source", "binding"],
      true,
    );
  }
  const script = fileURLToPath(new URL("./child.mjs", import.meta.url));
  const command = [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["env", `UV_THREADPOOL_SIZE=${THREADS}`, "node", script, folder],
  ] as unknown as [string, ...string[]];
  const readers = new Map<Channel, GdpReader>();
  return { command, graceMs: GRACE_MS, translate: (message) => translated(message, readers) };
}

function translated(message: Message, readers: Map<Channel, GdpReader>): Message | undefined {
  if (message.kind === "raw") {
    const bus = busMessageOf(message.message);
    return bus && { kind: "bus", message: bus };
  }
  if (message.kind !== "sample") return message;
  const { to } = message;
  const reader = readers.get(to) ?? new GdpReader();
  readers.set(to, reader);
  const sample = reader.read(message.sample.data);
  return sample && { kind: "sample", to, sample };
}
