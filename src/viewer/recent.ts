import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TelemetryMessage } from "../telemetry/topics.ts";
import type { WireItem } from "./wire.ts";
import { wireItem } from "./wire_item.ts";

/** Events, near misses and log lines that a page which opens later still gets. */
const KEPT = { event: 100, near_miss: 100, log: 200 } as const;

type KeptTopic = keyof typeof KEPT;

/** The newest events, near misses and log lines of one pipeline. */
export class Recent implements Disposable {
  readonly #pipeline: string;
  readonly #listening: Disposable;
  readonly #items: Record<KeptTopic, WireItem[]> = { event: [], near_miss: [], log: [] };

  constructor(pipeline: string, telemetry: Telemetry) {
    this.#pipeline = pipeline;
    const topics = Object.keys(KEPT) as KeptTopic[];
    this.#listening = telemetry.listen(topics, (message) => this.#keep(message));
  }

  /** What is kept; of each event the newest message. */
  items(): WireItem[] {
    return Object.values(this.#items).flat();
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
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
