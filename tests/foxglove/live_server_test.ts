import assert from "node:assert/strict";
import protocol, { type Channel, type MessageData } from "@foxglove/ws-protocol";
import { Ajv2020 } from "ajv/dist/2020.js";
import { CHANNELS } from "../../src/foxglove/channels.ts";
import { FoxgloveError, LiveServer } from "../../src/foxglove/live_server.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { Step, Topic } from "../../src/telemetry/topics.ts";
import { eventually } from "../support/eventually.ts";
import { sampleDescription } from "../support/sample_description.ts";
import { sampleEvent } from "../support/sample_event.ts";

const { FoxgloveClient } = protocol;
const silent = () => {};
const START_NS = 1_795_000_000_000_000_000n;

const DESCRIPTION = sampleDescription({
  optics: { fx: 50, fy: 50, cx: 32, cy: 24 },
  pictures: true,
});

const at = (seconds: number) => ({
  ptsNs: seconds * 1e9,
  epochNs: START_NS + BigInt(Math.round(seconds * 1e9)),
});

function step(seconds: number): Step {
  const head = { score: 0.5, ungated: 0.5, similarity: 1, on: 0.6, off: 0.4, active: false };
  return {
    ...at(seconds),
    framePtsNs: 0,
    level: -Infinity,
    gate: -55,
    heads: [
      { ...head, kind: "sound", peak: [0.5, 0.5] },
      { ...head, kind: "speech", peak: [0.5, 0.5] },
    ],
  };
}

/** The header of a JPEG file of 64 × 48 pixels, then filling. */
function jpeg(bytes: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(bytes);
  data.set([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 48, 0, 64]);
  return data;
}

function tellAll(telemetry: Telemetry): void {
  telemetry.tell("description", DESCRIPTION);
  telemetry.tell("state", { state: "running", since: 1, reason: null });
  telemetry.tell("log", { timeMs: 1_795_000_000_000, level: "warning", message: "look" });
  telemetry.tell("picture", { ...at(1), jpeg: jpeg(3000) });
  telemetry.tell("audio", {
    ...at(1),
    sampleRate: 16000,
    samples: Float32Array.of(0, 0.5, -1, 2),
  });
  telemetry.tell("step", step(1));
  telemetry.tell("maps", { ...at(1), framePtsNs: 0, values: new Float32Array(32).fill(-1.5) });
  const event = sampleEvent({ bearing: { azimuth: 0.3, elevation: 0.1 } });
  telemetry.tell("event", { ...at(1), event, heatMap: new Float32Array(16) });
  telemetry.tell("near_miss", {
    ...at(1),
    kind: "sound",
    head: 0,
    reason: "below_on",
    startNs: 5e8,
    endNs: 1.2e9,
    score: 0.55,
    level: -Infinity,
    activeSeconds: 0,
    on: 0.6,
    minDuration: 0.15,
    gate: -55,
    peak: [0.5, 0.5],
    box: [0.4, 0.4, 0.6, 0.6],
  });
}

/** The protocol's own client. */
class Viewer implements AsyncDisposable {
  readonly channels = new Map<string, Channel>();
  readonly received: { readonly topic: string; readonly time: bigint; readonly value: unknown }[] =
    [];
  readonly statuses: string[] = [];
  readonly #client: InstanceType<typeof FoxgloveClient>;
  readonly #socket: WebSocket;
  readonly #topics = new Map<number, string>();

  constructor(url: string) {
    this.#socket = new WebSocket(url, [FoxgloveClient.SUPPORTED_SUBPROTOCOL]);
    // deno-lint-ignore no-explicit-any -- the package's types are those of another WebSocket
    this.#client = new FoxgloveClient({ ws: this.#socket as any });
    this.#client.on("error", silent);
    this.#client.on("advertise", (channels) => {
      for (const channel of channels) this.channels.set(channel.topic, channel);
    });
    this.#client.on("status", ({ message }) => this.statuses.push(message));
    this.#client.on("message", ({ subscriptionId, timestamp, data }: MessageData) => {
      const value = JSON.parse(new TextDecoder().decode(data));
      this.received.push({ topic: this.#topics.get(subscriptionId)!, time: timestamp, value });
    });
  }

  async subscribe(...topics: readonly string[]): Promise<void> {
    await eventually("channels", () => topics.every((topic) => this.channels.has(topic)));
    for (const topic of topics) {
      this.#topics.set(this.#client.subscribe(this.channels.get(topic)!.id), topic);
    }
  }

  unsubscribeAll(): void {
    for (const id of this.#topics.keys()) this.#client.unsubscribe(id);
  }

  async [Symbol.asyncDispose]() {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#client.on("close", () => resolve());
    this.#client.close();
    await promise;
  }
}

function serve(hostname = "127.0.0.1", token?: string) {
  const telemetry = new Telemetry(silent);
  const server = new LiveServer([{ name: "front", telemetry }], {
    address: { hostname, port: 0 },
    token,
    log: silent,
  });
  return { telemetry, server };
}

Deno.test("the protocol's own client gets every channel, each message valid against its schema", async () => {
  const { telemetry, server: made } = serve();
  await using server = made;
  const wanted: readonly Topic[] = ["picture", "audio", "step", "maps", "event"];
  {
    await using viewer = new Viewer(server.url);
    const topics = CHANNELS.map((name) => `/front/${name}`);
    assert.ok(wanted.every((topic) => !telemetry.wants(topic)), "no cost without subscribers");
    await viewer.subscribe(...topics);
    await eventually("subscribed", () => wanted.every((topic) => telemetry.wants(topic)));
    tellAll(telemetry);
    const seen = () => new Set(viewer.received.map(({ topic }) => topic));
    await eventually("a message of each channel", () => seen().size === topics.length);
    const ajv = new Ajv2020({ strict: false });
    const validators = new Map([...viewer.channels.values()].map(({ topic, ...channel }) => {
      assert.deepEqual([channel.encoding, channel.schemaEncoding], ["json", "jsonschema"]);
      return [topic, ajv.compile(JSON.parse(channel.schema))];
    }));
    for (const { topic, value } of viewer.received) {
      const validate = validators.get(topic)!;
      assert.ok(validate(value), `${topic}: ${JSON.stringify(validate.errors)}`);
    }
    const last = (name: string) =>
      viewer.received.findLast(({ topic }) => topic === `/front/${name}`)!;
    assert.equal(last("scores").time, at(1).epochNs);
    const audio = last("audio").value as { data: string };
    const samples = new Int16Array(Uint8Array.fromBase64(audio.data).buffer);
    assert.deepEqual([...samples], [0, 16384, -32767, 32767]);
    const map = last("speech/map").value as { data: string };
    assert.equal(new Float32Array(Uint8Array.fromBase64(map.data).buffer)[15], -1.5);
    assert.deepEqual(viewer.statuses, []);
  }
  await eventually("no cost any more", () => wanted.every((topic) => !telemetry.wants(topic)));
});

Deno.test("a client that comes late gets state, transform and calibration at once", async () => {
  const { telemetry, server: made } = serve();
  await using server = made;
  await using first = new Viewer(server.url);
  const lasting = ["/front/state", "/front/transform", "/front/calibration"];
  await first.subscribe(...lasting);
  await eventually("subscribed", () => telemetry.wants("picture"));
  tellAll(telemetry);
  await eventually("all", () => first.received.length >= 3);
  await using second = new Viewer(server.url);
  await second.subscribe(...lasting);
  await eventually("all", () => new Set(second.received.map(({ topic }) => topic)).size === 3);
});

Deno.test("a slow client loses pictures, not events, and gets new ones when it reads again", async () => {
  const { telemetry, server: made } = serve();
  await using server = made;
  await using fast = new Viewer(server.url);
  await using slow = await SlowClient.open(server.url);
  const topics = ["/front/picture", "/front/event"];
  await fast.subscribe(...topics);
  await eventually("channels", () => fast.channels.size === CHANNELS.length);
  telemetry.tell("description", DESCRIPTION);
  await slow.subscribe(topics.map((topic) => fast.channels.get(topic)!.id));
  await eventually("subscribed", () => telemetry.wants("picture") && telemetry.wants("event"));
  const [before, count] = [Deno.memoryUsage().rss, 600];
  for (let i = 0; i < count; i++) {
    telemetry.tell("picture", { ...at(i), jpeg: jpeg(100_000) });
    if (i % 100 === 0) {
      const event = sampleEvent({ seq: i });
      telemetry.tell("event", { ...at(i), event, heatMap: new Float32Array(16) });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const newest = (viewer: Viewer) =>
    viewer.received.findLast(({ topic }) => topic === "/front/picture")?.time;
  await eventually("the fast one has the newest", () => newest(fast) === at(count - 1).epochNs);
  assert.ok(server.dropped > count / 3, `${server.dropped} dropped`);
  // 600 pictures are 80 MB.
  const grown = Deno.memoryUsage().rss - before;
  assert.ok(grown < 60e6 + fastBytes(fast), `${grown} bytes more`);
  const { events, pictures } = await slow.readAll();
  assert.equal(events, 6);
  assert.ok(pictures < count / 2, `${pictures} pictures`);
  telemetry.tell("picture", { ...at(9999), jpeg: jpeg(100_000) });
  await eventually("a new picture", async () => (await slow.readAll()).newest === at(9999).epochNs);
});

Deno.test("other sites may not connect; other machines need the token", async (test) => {
  await test.step("loopback", async () => {
    const { server: made } = serve();
    await using server = made;
    const status = (headers: Record<string, string>) =>
      upgradeStatus(server.url, { "sec-websocket-protocol": "foxglove.websocket.v1", ...headers });
    assert.equal(await status({}), 101);
    assert.equal(await status({ origin: "https://app.foxglove.dev" }), 101);
    assert.equal(await status({ origin: "http://localhost:8080" }), 101);
    assert.equal(await status({ origin: "https://evil.example" }), 403);
    assert.equal(await status({ origin: "null" }), 403);
    assert.equal(await status({ host: "evil.example" }), 403);
    assert.equal(await status({ "sec-websocket-protocol": "other" }), 400);
    const http = server.url.replace("ws:", "http:");
    const layout = await (await fetch(`${http}/front.layout.json`)).json();
    assert.equal(layout.configById["Image!picture"].imageMode.imageTopic, "/front/picture");
    assert.throws(
      () =>
        new LiveServer([], {
          address: { hostname: "127.0.0.1", port: Number(new URL(http).port) },
          log: silent,
        }),
      (error: Error) => error instanceof FoxgloveError && /port is in use/.test(error.message),
    );
  });
  await test.step("any address", async () => {
    const { server: made } = serve("0.0.0.0", "a-token-of-this-test");
    await using server = made;
    assert.ok(server.url.endsWith("/?token=a-token-of-this-test"));
    const status = (path: string) =>
      upgradeStatus(new URL(path, server.url).href, {
        "sec-websocket-protocol": "foxglove.websocket.v1",
        origin: "https://other.example",
      });
    assert.equal(await status("/"), 403);
    assert.equal(await status("/?token=another"), 403);
    assert.equal(await status("/?token=a-token-of-this-test"), 101);
  });
});

function fastBytes({ received }: Viewer): number {
  // JSON with the picture in base64, and the text of it.
  return received.length * 100_000 * 4;
}

function handshake(url: URL, headers: Record<string, string>): Uint8Array<ArrayBuffer> {
  const all = {
    host: url.host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n`);
}

async function connect(url: URL): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
}

async function upgradeStatus(text: string, headers: Record<string, string>): Promise<number> {
  const url = new URL(text);
  using socket = await connect(url);
  await socket.write(handshake(url, headers));
  const answer = new Uint8Array(4096);
  const read = await socket.read(answer);
  return Number(new TextDecoder().decode(answer.subarray(0, read ?? 0)).split(" ")[1]);
}

/** A client that reads nothing until it is told to. */
class SlowClient implements Disposable {
  readonly #socket: Deno.TcpConn;
  #bytes = new Uint8Array(0);
  #events = 0;
  #pictures = 0;
  #newest = 0n;

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  static async open(text: string): Promise<SlowClient> {
    const url = new URL(text);
    const socket = await connect(url);
    await socket.write(handshake(url, { "sec-websocket-protocol": "foxglove.websocket.v1" }));
    const one = new Uint8Array(1);
    for (let head = ""; !head.endsWith("\r\n\r\n"); head += String.fromCharCode(one[0])) {
      assert.equal(await socket.read(one), 1);
    }
    return new SlowClient(socket);
  }

  /** Subscribes with the channel's place in the list as subscription. */
  async subscribe(channelIds: readonly number[]): Promise<void> {
    const subscriptions = channelIds.map((channelId, id) => ({ id, channelId }));
    const text = new TextEncoder().encode(JSON.stringify({ op: "subscribe", subscriptions }));
    assert.ok(text.length < 126);
    // A masked text frame with mask 0 (RFC 6455, 5.2).
    await this.#socket.write(Uint8Array.of(0x81, 0x80 | text.length, 0, 0, 0, 0, ...text));
  }

  /** Reads until nothing comes for a while. */
  async readAll() {
    const buffer = new Uint8Array(1 << 20);
    for (;;) {
      const reading = this.#reading ??= this.#socket.read(buffer).then((read) =>
        buffer.slice(0, read ?? 0)
      );
      const part = await Promise.race([
        reading,
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 500)),
      ]);
      if (part === undefined) break;
      this.#reading = undefined;
      this.#take(part);
    }
    return { events: this.#events, pictures: this.#pictures, newest: this.#newest };
  }

  [Symbol.dispose]() {
    this.#socket.close();
    this.#reading?.catch(silent);
  }

  #reading: Promise<Uint8Array<ArrayBuffer>> | undefined;

  #take(part: Uint8Array): void {
    const bytes = new Uint8Array(this.#bytes.length + part.length);
    bytes.set(this.#bytes);
    bytes.set(part, this.#bytes.length);
    let start = 0;
    for (;;) {
      const view = new DataView(bytes.buffer, start);
      if (view.byteLength < 10) break;
      const short = view.getUint8(1) & 0x7f;
      const [header, length] = short === 126
        ? [4, view.getUint16(2)]
        : short === 127
        ? [10, Number(view.getBigUint64(2))]
        : [2, short];
      if (view.byteLength < header + length) break;
      if ((view.getUint8(0) & 0x0f) === 2) {
        const id = view.getUint32(header + 1, true);
        if (id === 1) this.#events++;
        else {
          this.#pictures++;
          this.#newest = view.getBigUint64(header + 5, true);
        }
      }
      start += header + length;
    }
    this.#bytes = bytes.slice(start);
  }
}
