import type { Sample, SampleSink } from "../capture_pipeline.ts";

/** How a {@linkcode SampleQueue} is bounded. */
export interface SampleQueueOptions {
  /** Maximum number of queued buffers. */
  readonly depth: number;
  /** Drops the oldest buffer when full. Otherwise the sender waits for room. */
  readonly leaky: boolean;
  /** Called when there is room for so many more buffers; only if it is not leaky. */
  readonly onRoom?: (count: number) => void;
}

/** The buffers of one stream that have come from a capture process. */
export class SampleQueue implements SampleSink {
  readonly #options: SampleQueueOptions;
  readonly #queue: Sample[] = [];
  #arrived = 0;
  #dropped = 0;
  #droppedBefore = 0;
  #taken = 0;
  #ended = false;

  constructor(options: SampleQueueOptions) {
    this.#options = options;
  }

  get arrived(): number {
    return this.#arrived + this.#droppedBefore;
  }

  get dropped(): number {
    return this.#dropped + this.#droppedBefore;
  }

  get waiting(): boolean {
    return this.#queue.length > 0;
  }

  get ended(): boolean {
    return this.#ended && !this.waiting;
  }

  count(): void {}

  take(): Sample | undefined {
    const sample = this.#queue.shift();
    if (sample !== undefined && !this.#options.leaky) this.#makeRoom();
    return sample;
  }

  /** Queues a buffer. */
  push(sample: Sample): void {
    this.#arrived++;
    this.#queue.push(sample);
    if (this.#options.leaky && this.#queue.length > this.#options.depth) {
      this.#queue.shift();
      this.#dropped++;
    }
  }

  /** Takes note of how many buffers the capture process has dropped. */
  droppedBefore(count: number): void {
    this.#droppedBefore = count;
  }

  /** Takes note that no further buffer comes. */
  end(): void {
    this.#ended = true;
  }

  /** Reports room for several buffers at once, which saves messages. */
  #makeRoom(): void {
    const { depth, onRoom } = this.#options;
    if (++this.#taken < depth / 2) return;
    onRoom?.(this.#taken);
    this.#taken = 0;
  }
}
