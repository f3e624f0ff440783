import { CaptureError } from "../capture_error.ts";
import { GstPipeline } from "../gst_pipeline.ts";
import { CapturePump } from "./capture_pump.ts";
import { encodeMessages, type Message, type Request } from "./messages.ts";
import { readLines } from "./read_lines.ts";

type Send = (messages: readonly Message[]) => Promise<void>;

/**
 * Captures for a parent process until its requests end.
 *
 * @returns whether the source has closed.
 */
export async function serveCapture(
  input: ReadableStream<Uint8Array>,
  write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<boolean> {
  const ending = new AbortController();
  // Messages must not mix.
  let writing = Promise.resolve();
  const send: Send = (messages) => {
    const bytes = encodeMessages(messages);
    return writing = writing.then(() => write(bytes));
  };
  let capture: Served | undefined;
  let running: Promise<boolean> | undefined;
  for await (const line of readLines(input)) {
    const request: Request = JSON.parse(line);
    if (request.kind === "open") {
      capture = new Served(send);
      running = capture.run(request, ending.signal);
    } else {
      capture?.request(request);
    }
  }
  ending.abort();
  // While the parent does not read, a write blocks: it is about to kill this process or has died.
  return await running ?? true;
}

/** The one capture of the process. */
class Served {
  readonly #send: Send;
  #pipeline: GstPipeline | undefined;
  #pump: CapturePump | undefined;

  constructor(send: Send) {
    this.#send = send;
  }

  request(request: Exclude<Request, { kind: "open" }>): void {
    if (request.kind === "encode") this.#pipeline?.encodePictures(request.on);
    else this.#pump?.makeRoom(request.stream, request.count);
  }

  async run(
    { plan, timeoutMs, starvedAfterMs, room }: Extract<Request, { kind: "open" }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const pipeline = this.#pipeline = await GstPipeline.build(plan);
      const pump = this.#pump = new CapturePump(pipeline, plan, room);
      const check = () => {
        signal.throwIfAborted();
        const complaints = pump.complaints();
        if (complaints.length > 0) this.#send(complaints);
      };
      await pipeline.start(plan, { timeoutMs, starvedAfterMs, check });
      await this.#send([{
        kind: "started",
        epochZeroNs: String(pipeline.epochZeroNs()),
        durationNs: pipeline.durationNs(),
        using: pipeline.using(plan.hardware),
      }]);
      await pump.run(this.#send, signal);
    } catch (error) {
      if (error instanceof CaptureError) {
        const { message, path, permanent } = error;
        const using = this.#pipeline?.using(plan.hardware);
        await this.#send([{ kind: "failed", message, path, permanent, using }]);
      } else if (!signal.aborted) {
        throw error;
      }
    }
    return await this.#pipeline?.stop() === undefined;
  }
}
