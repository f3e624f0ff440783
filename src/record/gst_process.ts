/** Making an overlay video failed. */
export class RecordError extends Error {
  override name = "RecordError";
}

/** A value quoted for a launch text. */
export function launchValue(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/**
 * Starts `gst-launch-1.0` with a launch text; raw pictures go through its pipes. A process of its own: an encoder or a decoder
 * that crashes does not end Whence.
 *
 * @throws {RecordError} if the program is not installed.
 */
export function spawnLaunch(
  launch: string,
  pipes: { readonly stdin: "piped" | "null"; readonly stdout: "piped" | "null" },
  signal?: AbortSignal,
): Deno.ChildProcess {
  const args = launch.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/gs) ?? [];
  try {
    return new Deno.Command("gst-launch-1.0", {
      args: ["-q", ...args],
      ...pipes,
      stderr: "piped",
      signal,
      env: { GST_DEBUG: "0", LC_ALL: "C.UTF-8" },
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RecordError(
      "Cannot make a video: gst-launch-1.0 is not installed; " +
        "install it with: apt-get install gstreamer1.0-tools",
    );
  }
}

/** The reason in what `gst-launch-1.0` wrote to stderr. */
export function launchFault(stderr: string): string {
  const line = /ERROR: from element [^:]*: (.*)|WARNING: erroneous pipeline: (.*)/.exec(stderr);
  return line?.[1] ?? line?.[2] ??
    (stderr.trim().split("\n").at(-1) || "it failed without a reason");
}
