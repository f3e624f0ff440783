/** Deno's constructor: unlike a browser's, it takes headers. The page's types hide it. */
const Socket = WebSocket as unknown as new (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

/** Opens a WebSocket as the page at `url` does; its messages are array buffers. */
export function openSocket(url: string, headers: Record<string, string> = {}): WebSocket {
  const live = new URL("/live", url);
  live.protocol = "ws:";
  const socket = new Socket(live, { headers: { origin: new URL(url).origin, ...headers } });
  socket.binaryType = "arraybuffer";
  return socket;
}
