import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TelemetryMessage } from "../telemetry/topics.ts";
import type { WireItem } from "./wire.ts";
import { wireItem } from "./wire_item.ts";

/** Events, near misses and log lines that a page which opens later still gets. */
const KEPT = { event: 100, near_miss: 100, log: 200 } as const;

type KeptTopic = keyof typeof KEPT;

/** The newest events and log lines of one pipeline, and the near misses that happened while a page was open. */
export class Recent implements Disposable {
  readonly #pipeline: string;
  readonly #telemetry: Telemetry;
  readonly #listening: Disposable;
  #watching: Disposable | undefined;
  readonly #items: Record<KeptTopic, WireItem[]> = { event: [], near_miss: [], log: [] };

  constructor(pipeline: string, telemetry: Telemetry) {
    this.#pipeline = pipeline;
    this.#telemetry = telemetry;
    this.#listening = telemetry.listen(["event", "log"], (message) => this.#keep(message));
  }

  /** Whether a page is open: near misses cost the pipeline something, so they are only looked for then. */
  set watched(watched: boolean) {
    if (watched) {
      this.#watching ??= this.#telemetry.listen(["near_miss"], (message) => this.#keep(message));
    } else {
      this.#watching?.[Symbol.dispose]();
      this.#watching = undefined;
    }
  }

  /** What is kept; of each event the newest message. */
  items(): WireItem[] {
    return Object.values(this.#items).flat();
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.watched = false;
  }

  #keep(message: TelemetryMessage): void {
    const topic = message.topic as KeptTopic;
    const items = this.#items[topic];
    const item = wireItem(this.#pipeline, message)!;
    if (item.topic === "event") {
      const { id } = item.message.event;
      const former = items.findIndex((item) =>
        item.topic === "event" && item.message.event.id === id
      );
      if (former !== -1) items.splice(former, 1);
    }
    items.push(item);
    if (items.length > KEPT[topic]) items.shift();
  }
}
