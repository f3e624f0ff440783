/** Damaged requests to the servers: whatever arrives, the next client is served. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MetricsServer } from "../../src/metrics/metrics_server.ts";
import { ViewServer } from "../../src/viewer/view_server.ts";
import { changedDetect, detectEdits } from "../../src/pipeline/tuning.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { ViewedPipeline } from "../../src/viewer/viewed_pipeline.ts";
import { openSocket } from "../support/open_socket.ts";
import { cases, mutated } from "./mutation.ts";

const OPTIONS = { address: { hostname: "127.0.0.1", port: 0 }, version: "1", log() {} };

const requests = [
  "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
  "POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody",
  "GET /page.js HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nRange: bytes=0-1\r\n\r\n",
  "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
].map((text) => new TextEncoder().encode(text));

/** Time that a WebSocket has for what it was sent before its client leaves, ms. */
const SOCKET_MS = 5;

/** Sends bytes, says that no more come, and takes what the server answers; `opening` is answered before. */
async function send(url: string, bytes: Uint8Array, opening?: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  try {
    if (opening !== undefined) {
      await connection.write(opening);
      assert.ok(await connection.read(new Uint8Array(4096)));
    }
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    if (opening !== undefined) await new Promise((resolve) => setTimeout(resolve, SOCKET_MS));
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

/** A pipeline that a page changes as it changes a running one. */
function tunablePipeline(): ViewedPipeline & { readonly tries: unknown[] } {
  const source = { video: "test://smpte", audio: "test://sine" };
  const { detect } = pipelineSchema.parse({
    name: "front",
    model: "m",
    source,
    publish: { jsonl: "events.jsonl" },
  });
  let current = detect;
  const tries: unknown[] = [];
  return {
    tries,
    name: "front",
    telemetry: new Telemetry(() => {}),
    tune(change) {
      tries.push(change);
      const changed = changedDetect(current, change);
      if (typeof changed === "string") return changed;
      current = changed;
      return undefined;
    },
    reset: () => current = detect,
    yaml: () => ({
      file: "front.yaml",
      text: JSON.stringify(detectEdits(detect, current)),
      editable: true,
    }),
    save: () => Promise.resolve("Cannot write"),
  };
}

const messages = [
  { type: "ack", number: 1 },
  { type: "watch", pipelines: { front: "preview" } },
  { type: "tune", pipeline: "front", change: { sound: { on: 0.7, off: 0.3 }, gate: -50 } },
  { type: "tune", pipeline: "front", change: { zones: { sofa: [[0, 0], [0.5, 0], [0.5, 1]] } } },
  { type: "reset", pipeline: "front" },
  { type: "save", pipeline: "front" },
].map((message) => new TextEncoder().encode(JSON.stringify(message)));

/** A text frame of a client; the mask is zero, so that the payload stays legible (RFC 6455 § 5.2). */
function frame(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 255];
  return Uint8Array.from([0x81, ...size, 0, 0, 0, 0, ...payload]);
}

const framesOfPage = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...messages.map(frame)) },
  ...messages.map((message) => ({ weight: 1, arbitrary: mutated(frame(message)) })),
  ...messages.map((message) => ({ weight: 1, arbitrary: mutated(message).map(frame) })),
);

Deno.test("fuzz: the live page's WebSocket survives damaged frames and messages", async () => {
  const pipeline = tunablePipeline();
  await using server = new ViewServer([pipeline], OPTIONS);
  const { host, origin } = new URL(server.url);
  const handshake = new TextEncoder().encode(
    `GET /live HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      "Sec-WebSocket-Version: 13\r\n\r\n",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(framesOfPage, { minLength: 1, maxLength: 3 }), async (frames) => {
      await send(server.url, Uint8Array.from(frames.flatMap((part) => [...part])), handshake);
    }),
    cases(150),
  );
  assert.ok(pipeline.tries.length > 10, "intact messages must arrive");
  const socket = openSocket(server.url);
  await new Promise((resolve, reject) => {
    socket.onmessage = resolve;
    socket.onerror = () => reject(new Error("refused"));
  });
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});
