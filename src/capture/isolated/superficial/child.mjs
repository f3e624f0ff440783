/**
 * A capture process under Node.js: `node child.mjs FOLDER`, with gstreamer-superficial in `FOLDER/node_modules`.
 *
 * It reads requests from standard input and writes messages to file 3, in the form of ../messages.ts; its samples are packets
 * of `gdppay`, and messages of the bus are passed on as they are.
 */
import { write } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const OUTPUT = 3;
const HEADER = 16;
/** Place of the type in a packet of gdppay, and the type of buffers. */
const GDP_TYPE_AT = 4;
const GDP_BUFFER = 1;
const TYPES = { video: 1, audio: 2, pictures: 3 };
/** Interval of the looks at the source's picture size and at drops, ms. */
const LOOK_MS = 1000;
/** The bus is read again if it gives nothing for so long before the pipeline has left the state NULL, ms. */
const POLL_MS = 20;
/** Time in which another thread delivers what belongs to a buffer: the error behind an end, the size of a picture, ms. */
const EXPLAIN_MS = 50;

const { Pipeline } = createRequire(join(process.argv[2], "x"))("gstreamer-superficial");
const writeFile = promisify(write);

let writing = Promise.resolve();
/** Sends a message; resolves when it has been written. */
function send(type, payload) {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(type, 4);
  header.writeDoubleLE(NaN, 8);
  const bytes = Buffer.concat([header, payload]);
  return writing = writing.then(async () => {
    for (let at = 0; at < bytes.length;) {
      at += (await writeFile(OUTPUT, bytes, at)).bytesWritten;
    }
  }).catch(() => process.exit(1));
}

const report = (message) => send(0, Buffer.from(JSON.stringify(message)));

/** A number of a sink's statistics. */
function statistic(sink, name) {
  return Number(new RegExp(`\\b${name}=\\(guint64\\)(\\d+)`).exec(sink.stats)?.[1] ?? 0);
}

/** One appsink, pulled one buffer at a time. */
class Puller {
  /** @param before called before a buffer is sent. */
  constructor(pipeline, name, channel, { room, depth, before }) {
    this.before = before;
    this.sink = pipeline.findChild(name);
    this.channel = channel;
    this.room = room;
    this.depth = depth;
    this.taken = 0;
    this.flowing = false;
    this.dropped = 0;
    this.full = 0;
    this.idle = true;
  }

  makeRoom(count) {
    this.room += count;
    if (this.idle) this.pull();
  }

  pull() {
    this.idle = this.room <= 0;
    if (this.idle) return;
    this.room--;
    this.sink.pull(async (bytes) => {
      if (!bytes) {
        await delay(EXPLAIN_MS);
        if (this.channel !== "pictures") report({ kind: "ended", stream: this.channel });
        return;
      }
      this.taken++;
      await this.before();
      await send(TYPES[this.channel], bytes);
      // The first packets are caps and the like.
      this.flowing ||= bytes.readUInt16BE(GDP_TYPE_AT) === GDP_BUFFER;
      this.pull();
    });
  }

  /** Reads the appsink's counters. */
  count() {
    // One buffer may be on its way here.
    const excess = statistic(this.sink, "rendered") - this.taken - this.depth - 1;
    this.full = Math.max(this.full, excess);
    this.dropped = this.full + statistic(this.sink, "dropped");
  }
}

class Capture {
  constructor({ plan, timeoutMs, starvedAfterMs, room, depth }) {
    Object.assign(this, { plan, timeoutMs, starvedAfterMs, depth });
    this.pipeline = new Pipeline(plan.launch);
    this.messages = 0;
    this.#readBus();
    const puller = (name, channel) =>
      new Puller(this.pipeline, name, channel, {
        room: room?.[channel] ?? Infinity,
        depth: depth[channel],
        before: () => this.shape ?? this.#findShape(),
      });
    this.pullers = { video: puller("video", "video"), audio: puller("audio", "audio") };
    if (plan.pictures) this.pullers.pictures = puller("jpeg", "pictures");
    this.shapes = this.pipeline.findChild("shape");
    this.ready = false;
    this.paused = false;
    this.prerolled = false;
  }

  async run() {
    const { pipeline, pullers: { video, audio } } = this;
    pipeline.pause();
    const deadline = performance.now() + this.timeoutMs;
    await until(deadline, () => this.paused);
    if (!this.paused) {
      this.#fail(`no video and audio arrived within ${this.timeoutMs / 1000} s`);
      return;
    }
    if (this.plan.together) await until(performance.now() + EXPLAIN_MS, () => this.prerolled);
    if (this.plan.together && !this.prerolled) {
      // A live source: its streams must not wait for each other.
      this.paused = false;
      pipeline.stop();
      video.sink.async = audio.sink.async = false;
      pipeline.pause();
      await until(deadline, () => this.paused);
    }
    const before = performance.timeOrigin + performance.now();
    pipeline.play();
    // The pipeline's running time is 0 at the moment of this call.
    const zeroMs = (before + performance.timeOrigin + performance.now()) / 2;
    for (const puller of Object.values(this.pullers)) puller.pull();
    await until(performance.now() + this.starvedAfterMs, () => video.flowing && audio.flowing);
    await report({
      kind: "started",
      epochZeroNs: String(BigInt(Math.round(zeroMs * 1000)) * 1000n),
      durationNs: this.#durationNs(),
    });
    setInterval(() => this.#look(), LOOK_MS);
  }

  encode(on) {
    this.pipeline.findChild("jpeg_valve").drop = !on;
  }

  #fail(reason) {
    const { label, path } = this.plan.video;
    const message = `Cannot capture from ${label}: ${reason}`;
    report({ kind: "failed", message, path, permanent: false });
  }

  /** The addon stops reading the bus while the pipeline is in the state NULL, as after a failure to open a device. */
  #readBus() {
    this.pipeline.pollBus((message) => {
      this.#message(message);
      const seen = ++this.messages;
      if (this.ready) return;
      setTimeout(() => !this.ready && this.messages === seen && this.#readBus(), POLL_MS);
    });
  }

  #message(message) {
    const { type, _src_element_name: element } = message;
    if (type === "async-done") this.prerolled = true;
    if (type === "state-changed" && /^pipeline\d+$/.test(element)) {
      this.ready = true;
      if (/PAUSED$/.test(message["new-state"])) this.paused = true;
    }
    if (type === "error" || type === "warning" || typeof message.detail === "string") {
      report({ kind: "raw", message });
    }
  }

  /** Frames follow the size of their source picture, which another thread delivers. */
  async #findShape() {
    await until(performance.now() + EXPLAIN_MS, () => (this.#look(), this.shape));
  }

  /** Reports the size of the source picture and drops. */
  #look() {
    const { video, audio } = this.pullers;
    // Without a sample, reading it is an error in GStreamer.
    const caps = statistic(this.shapes, "rendered") > 0
      ? this.shapes["last-sample"]?.caps
      : undefined;
    if (caps?.width) {
      const [parN, parD] = (caps["pixel-aspect-ratio"] ?? "1/1").split("/").map(Number);
      const size = { width: caps.width, height: caps.height, parN, parD };
      const text = JSON.stringify(size);
      if (text !== this.shape) report({ kind: "picture", size });
      this.shape = text;
    }
    if (!this.plan.live) return;
    video.count();
    audio.count();
    const dropped = `${video.dropped} ${audio.dropped}`;
    if (dropped !== this.dropped) {
      report({ kind: "dropped", video: video.dropped, audio: audio.dropped });
    }
    this.dropped = dropped;
  }

  /** Length of a recording; the addon gives what happens to be in memory if a live source has none. */
  #durationNs() {
    const seconds = this.plan.live ? -1 : this.pipeline.queryDuration();
    return seconds > 0 && seconds < 1e7 ? Math.round(seconds * 1e9) : undefined;
  }
}

async function until(deadline, done) {
  while (!done() && performance.now() < deadline) await delay(2);
}

// Service managers and terminals signal all processes at once. This one ends when its input does.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

let capture;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.kind === "open") {
    try {
      capture = new Capture(request);
      capture.run();
    } catch (error) {
      const message = `Cannot build the capture: ${error.message}`;
      report({ kind: "failed", message, path: request.plan.video.path, permanent: true });
    }
  } else if (request.kind === "encode") {
    capture?.encode(request.on);
  } else {
    capture?.pullers[request.stream].makeRoom(request.count);
  }
}
capture?.pipeline.stop();
process.exit(0);
