import { z } from "zod";
import { type ClipTruth, compareWithTruth } from "../../src/evaluation/metrics/clip_truth.ts";
import type { WhenceEvent } from "../../src/events/event.ts";
import { MqttLink } from "../../src/publish/mqtt/mqtt_link.ts";

/** The fields that both programs publish under the same names. */
const messageSchema = z.object({
  id: z.string(),
  type: z.enum(["new", "update", "end"]),
  pipeline: z.string(),
  kind: z.enum(["sound", "speech"]),
  onset: z.number(),
  duration: z.number(),
  stream: z.object({ onset: z.number(), offset: z.number().nullable() }),
  peak: z.tuple([z.number(), z.number()]).optional(),
});
type Message = z.infer<typeof messageSchema> & { readonly arrivedMs: number };

/** What one run's events show. */
export interface Heard {
  /** True sounds and words found, and found in their place, over all cameras. */
  readonly found: number;
  readonly inPlace: number;
  readonly spurious: number;
  /** Epoch time at which the first camera's clip began, s. */
  readonly clipStart: number | undefined;
  /** From each true onset to the event's first message, ms. */
  readonly latenciesMs: readonly number[];
  /** The part of each after the end of the last time step that made it an event: lookahead, encoding and delivery. */
  readonly processingMs: readonly number[];
}

/** Listens to all events at a broker. */
export class EventListener implements AsyncDisposable {
  readonly #link: MqttLink;
  #messages: Message[] = [];

  private constructor(url: string) {
    this.#link = new MqttLink({ url, log: () => {} });
    this.#link.subscribe("whence/+/event", (_topic, payload) => {
      const message = messageSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
      this.#messages.push({ ...message, arrivedMs: Date.now() });
    });
  }

  static async start(url: string): Promise<EventListener> {
    const listener = new EventListener(url);
    listener.#link.start();
    await listener.#link.ready;
    return listener;
  }

  /** What has been heard since the last call. */
  take(cameras: readonly string[], truth: ClipTruth): Heard {
    const messages = this.#messages;
    this.#messages = [];
    const latenciesMs: number[] = [];
    const processingMs: number[] = [];
    let [found, inPlace, spurious] = [0, 0, 0];
    const starts: number[] = [];
    for (const camera of cameras) {
      const own = messages.filter(({ pipeline }) => pipeline === camera);
      // The comparison reads only what both programs publish.
      const events = own as unknown as WhenceEvent[];
      const { findings, spurious: rest } = compareWithTruth(events, truth);
      spurious += rest.length;
      for (const { truth: real, event, inPlace: there } of findings) {
        if (event === undefined) continue;
        found++;
        if (there) inPlace++;
        const start = event.onset - event.stream.onset;
        starts.push(start);
        const first = own.find(({ id, type }) => id === event.id && type === "new");
        if (first === undefined) continue;
        latenciesMs.push(first.arrivedMs - (start + real.onset) * 1000);
        processingMs.push(first.arrivedMs - (first.onset + first.duration) * 1000);
      }
    }
    const clipStart = starts.length > 0 ? Math.min(...starts) : undefined;
    return { found, inPlace, spurious, clipStart, latenciesMs, processingMs };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#link.close();
  }
}
