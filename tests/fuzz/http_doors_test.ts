/** Damaged requests to the servers: whatever arrives, the next client is served. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MetricsServer } from "../../src/metrics/metrics_server.ts";
import { ViewServer } from "../../src/viewer/view_server.ts";
import { cases, mutated } from "./mutation.ts";

const OPTIONS = { address: { hostname: "127.0.0.1", port: 0 }, version: "1", log() {} };

const requests = [
  "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
  "POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody",
  "GET /page.js HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nRange: bytes=0-1\r\n\r\n",
  "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
].map((text) => new TextEncoder().encode(text));

/** Sends bytes, says that no more come, and takes what the server answers. */
async function send(url: string, bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    await connection.closeWrite();
    const buffer = new Uint8Array(4096);
    let size = 0;
    // A few kB are enough: the rest of a page is not of interest.
    for (let got; size < 16_384 && (got = await connection.read(buffer)) !== null;) size += got;
  } catch (error) {
    // The server may hang up on nonsense.
    const hungUp = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.NotConnected;
    if (!hungUp) throw error;
  }
}

async function survives(url: string, path: string): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.oneof(...requests.map(mutated)), (bytes) => send(url, bytes)),
    cases(150),
  );
  const response = await fetch(new URL(path, url));
  await response.body?.cancel();
  assert.equal(response.status, 200);
}

Deno.test("fuzz: the metrics server survives damaged requests", async () => {
  await using server = new MetricsServer([], OPTIONS);
  await survives(server.url, "/metrics");
});

Deno.test("fuzz: the live page's server survives damaged requests", async () => {
  await using server = new ViewServer([], OPTIONS);
  await survives(server.url, "/");
});
