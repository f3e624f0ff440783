import type { IWebSocket } from "@foxglove/ws-protocol";

/** Bytes that may wait in a client's socket before large messages, such as pictures, are dropped. */
const LARGE_LIMIT = 256 * 1024;
/** The same for small messages, such as events. */
const SMALL_LIMIT = 4 * LARGE_LIMIT;
/** Size from which a message is large. */
const LARGE = 8 * 1024;
/** Longest message from a client. */
const LONGEST_MESSAGE = 64_000;

/**
 * A client's WebSocket that drops data instead of queuing it: a slow client gets newer pictures when it has read what was sent.
 */
export class LiveConnection implements IWebSocket {
  readonly #socket: WebSocket;
  #dropped = 0;
  onclose: IWebSocket["onclose"] = undefined;
  onerror: IWebSocket["onerror"] = undefined;
  onopen: IWebSocket["onopen"] = undefined;
  onmessage: IWebSocket["onmessage"] = undefined;

  /** @param received called after the protocol has handled a message. */
  constructor(socket: WebSocket, received: () => void) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onclose = (event) => this.onclose?.(event);
    socket.onmessage = (event) => {
      const { data } = event;
      if ((typeof data === "string" ? data.length : data.byteLength) > LONGEST_MESSAGE) {
        return socket.close(1009, "the message is too long");
      }
      this.onmessage?.(event);
      received();
    };
  }

  /** Messages that were dropped because the client was slow. */
  get dropped(): number {
    return this.#dropped;
  }

  get binaryType(): string {
    return this.#socket.binaryType;
  }

  set binaryType(_type: string) {}

  get protocol(): string {
    return this.#socket.protocol;
  }

  close(): void {
    this.#socket.close(1001, "the server stops");
  }

  send(data: string | ArrayBuffer | ArrayBufferView): void {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) return;
    if (typeof data === "string") return socket.send(data);
    const limit = data.byteLength >= LARGE ? LARGE_LIMIT : SMALL_LIMIT;
    if (socket.bufferedAmount > limit) this.#dropped++;
    else socket.send(data as ArrayBuffer);
  }
}
