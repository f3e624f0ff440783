import type { HeadKind } from "../core/head_kind.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { EventPicture } from "./sink.ts";

/** Draws an event's picture, without blocking. */
export type DrawPicture = () => Promise<Omit<EventPicture, "event">>;

/** What became of the pictures of a {@linkcode PictureQueue}. */
export interface PictureCounters {
  readonly drawn: number;
  /** Never drawn, because a newer event of the same kind came first. */
  readonly replaced: number;
  readonly failed: number;
}

interface Order {
  readonly event: WhenceEvent;
  readonly draw: DrawPicture;
}

/** Draws one picture at a time; per kind one waits, and a newer one replaces it. */
export class PictureQueue {
  readonly #deliver: (picture: EventPicture) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting = new Map<HeadKind, Order>();
  #running: Promise<void> | undefined;
  #drawn = 0;
  #replaced = 0;
  #failed = 0;

  /**
   * @param deliver takes each finished picture; must not throw.
   * @param onFailure receives the error of a picture that could not be drawn.
   */
  constructor(
    deliver: (picture: EventPicture) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#deliver = deliver;
    this.#onFailure = onFailure;
  }

  get counters(): PictureCounters {
    return { drawn: this.#drawn, replaced: this.#replaced, failed: this.#failed };
  }

  add(event: WhenceEvent, draw: DrawPicture): void {
    // Deleted first, so that the kind that has waited longest is drawn first.
    if (this.#waiting.delete(event.kind)) this.#replaced++;
    this.#waiting.set(event.kind, { event, draw });
    this.#running ??= this.#run();
  }

  /** Resolves when no picture waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (const [kind, { event, draw }] of this.#waiting) {
      this.#waiting.delete(kind);
      try {
        const picture = await draw();
        this.#drawn++;
        this.#deliver({ ...picture, event });
      } catch (error) {
        this.#failed++;
        this.#onFailure(error);
      }
    }
    this.#running = undefined;
  }
}
