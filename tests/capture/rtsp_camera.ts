import { fileURLToPath } from "node:url";
import { firstLine } from "../support/first_line.ts";

const PICTURE = "videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=20/1 ! " +
  "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 threads=1 ! rtph264pay name=pay0";
const SOUND =
  "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1";

/** A real RTSP server with a test picture (H.264) and optionally a tone (G.711), or the given streams, at `url`. */
export class RtspCamera implements AsyncDisposable {
  readonly url: string;
  readonly #process: Deno.ChildProcess;

  private constructor(url: string, process: Deno.ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(
    { transport = "udp", sound = true, streams, port = 0 }: {
      transport?: "udp" | "tcp";
      sound?: boolean;
      /** GStreamer text with the payloaders pay0 and pay1. Default: the test picture and, with `sound`, the tone. */
      streams?: string;
      /** Default: a free one. */
      port?: number;
    } = {},
  ): Promise<RtspCamera> {
    const script = fileURLToPath(new URL("./rtsp_server.py", import.meta.url));
    const process = new Deno.Command("/usr/bin/python3", {
      args: [
        script,
        streams ?? (sound ? `${PICTURE} ${SOUND}` : PICTURE),
        transport,
        String(port),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const listening = await firstLine(process.stdout, "the RTSP server did not start");
    return new RtspCamera(`rtsp://127.0.0.1:${Number(listening)}/cam`, process);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }
}
