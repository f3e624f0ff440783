import type { Socket } from "node:net";

/**
 * Makes `socket.read()` without a size return all buffered bytes, as Node.js did before version 26.
 *
 * Since Node.js 26, which Deno follows, it returns one buffered chunk (nodejs/node#60441). aedes calls it once per
 * `readable` event, so the rest of a message of more than about 64 kB would stay in the buffer for ever.
 */
export function readWhole(socket: Socket): Socket {
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => read(size ?? (socket.readableLength || undefined));
  return socket;
}
