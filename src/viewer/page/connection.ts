import { type Batch, type ClientMessage, decodeBatch, type Watching } from "../wire.ts";

/** Pauses before the page connects again, ms; the last one repeats. */
const RETRY_MS = [300, 1000, 2000];

/** Whether the page is connected. */
export type Link = "connecting" | "open" | "lost";

/** The page's connection to its server; opened again whenever it breaks. */
export class Connection {
  readonly #take: (batch: Batch) => void;
  readonly #changed: (link: Link) => void;
  #socket: WebSocket | undefined;
  #failures = 0;
  #watching: Record<string, Watching> = {};

  /** @param take receives every batch. @param changed receives the state of the connection. */
  constructor(take: (batch: Batch) => void, changed: (link: Link) => void) {
    this.#take = take;
    this.#changed = changed;
    this.#connect();
  }

  /** Sends a message; lost while there is no connection. */
  send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Says how much of each pipeline the page shows. */
  watch(pipelines: Record<string, Watching>): void {
    if (JSON.stringify(pipelines) === JSON.stringify(this.#watching)) return;
    this.#watching = pipelines;
    this.send({ type: "watch", pipelines });
  }

  #connect(): void {
    this.#changed(this.#failures === 0 ? "connecting" : "lost");
    const url = new URL("/live", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.#socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#failures = 0;
      this.#changed("open");
      this.send({ type: "watch", pipelines: this.#watching });
    };
    socket.onmessage = ({ data }) => {
      const batch = decodeBatch(data as ArrayBuffer);
      this.#take(batch);
      this.send({ type: "ack", number: batch.number });
    };
    socket.onclose = () => {
      this.#failures++;
      this.#changed("lost");
      const pauseMs = RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1];
      setTimeout(() => this.#connect(), pauseMs);
    };
  }
}
