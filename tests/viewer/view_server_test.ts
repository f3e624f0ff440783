import assert from "node:assert/strict";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { ViewedPipeline } from "../../src/viewer/viewed_pipeline.ts";
import { ViewError, ViewServer } from "../../src/viewer/view_server.ts";
import { type Batch, type ClientMessage, decodeBatch } from "../../src/viewer/wire.ts";
import { eventually } from "../support/eventually.ts";
import { openSocket } from "../support/open_socket.ts";
import { sampleEvent } from "../support/sample_event.ts";

const silent = () => {};

function viewed(name: string): ViewedPipeline & { tuned: unknown[] } {
  const tuned: unknown[] = [];
  return {
    name,
    tuned,
    telemetry: new Telemetry(silent),
    tune(change) {
      if (change === "bad") return "Cannot change detect: bad";
      tuned.push(change);
      return undefined;
    },
    reset: () => tuned.push("reset"),
    yaml: () => ({
      file: `${name}.yaml`,
      text: tuned.length > 0 ? "detect:\n" : "",
      editable: false,
    }),
    save: () => Promise.resolve("Cannot write"),
  };
}

function serve(hostname: string, pipelines: readonly ViewedPipeline[], token?: string) {
  const options = { address: { hostname, port: 0 }, token, version: "1.2.3", log: silent };
  return new ViewServer(pipelines, options);
}

/** A page that acknowledges what it gets only when it is told to. */
class Page implements AsyncDisposable {
  readonly batches: Batch[] = [];
  readonly #socket: WebSocket;
  acknowledges = true;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const batch = decodeBatch(data);
      this.batches.push(batch);
      if (this.acknowledges) this.send({ type: "ack", number: batch.number });
    };
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<Page> {
    const socket = openSocket(url, headers);
    const page = new Page(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error("refused"));
    });
    return page;
  }

  get items() {
    return this.batches.flatMap(({ items }) => items);
  }

  send(message: ClientMessage | string): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  get closed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  async [Symbol.asyncDispose]() {
    if (this.closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.onclose = () => resolve();
    this.#socket.close();
    await promise;
  }
}

const picture = (t: number) => ({
  ptsNs: t * 1e9,
  epochNs: BigInt(t * 1e9),
  jpeg: new Uint8Array(30_000).fill(t),
});

Deno.test("the page is served with its parts, for this machine only", async (test) => {
  await using server = serve("127.0.0.1", [viewed("front")]);
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(path, server.url), { headers, redirect: "manual" });
    return { response, text: await response.text() };
  };

  await test.step("page, script, style and icon come from here; nothing comes from elsewhere", async () => {
    const { response, text } = await get("/");
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /default-src 'none'; script-src 'self'/);
    for (const part of ["/page.js", "/page.css", "/icon.svg"]) {
      assert.ok(text.includes(part));
      const { response, text: content } = await get(part);
      assert.equal(response.status, 200, part);
      // Namespaces and the like are names, not requests.
      const urls = content.match(/https?:\/\/[\w.]+/g) ?? [];
      assert.deepEqual(urls.filter((url) => !/w3\.org|preactjs\.com/.test(url)), [], part);
    }
    assert.equal((await get("/other")).response.status, 404);
  });

  await test.step("other host names and other sites are refused", async () => {
    const { port } = new URL(server.url);
    assert.equal((await raw(Number(port), "evil.example")).split(" ")[1], "403");
    assert.equal((await raw(Number(port), `localhost:${port}`)).split(" ")[1], "200");
    const { response, text } = await get("/", { origin: "http://evil.example" });
    assert.deepEqual([response.status, text.includes("another site")], [403, true]);
    await assert.rejects(Page.open(server.url, { origin: "http://evil.example" }));
  });
});

/** A request with a host name of its own; `fetch` does not allow that. */
async function raw(port: number, host: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

Deno.test("other machines need the token of the link", async () => {
  await using server = serve("0.0.0.0", [viewed("front")]);
  const link = new URL(server.url);
  assert.ok(link.searchParams.get("token")!.length >= 24);
  const base = `http://127.0.0.1:${link.port}`;
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(base + path, { headers, redirect: "manual" });
    await response.body?.cancel();
    return response;
  };
  assert.equal((await status("/")).status, 403);
  assert.equal((await status("/?token=wrong")).status, 403);
  assert.equal((await status("/page.js")).status, 403);
  await assert.rejects(Page.open(base));
  const login = await status(link.search === "" ? "/" : `/${link.search}`);
  assert.equal(login.status, 303);
  const cookie = login.headers.get("set-cookie")!;
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  const headers = { cookie: cookie.split(";")[0] };
  assert.equal((await status("/", headers)).status, 200);
  await using page = await Page.open(base, headers);
  await eventually("hello", () => page.batches[0]?.hello?.version === "1.2.3");
});

Deno.test("a token of the pipeline file is kept", async () => {
  await using server = serve("0.0.0.0", [viewed("front")], "0123456789abcdef");
  assert.equal(new URL(server.url).searchParams.get("token"), "0123456789abcdef");
});

Deno.test("a port in use is one line", async () => {
  await using server = serve("127.0.0.1", []);
  const port = Number(new URL(server.url).port);
  const again = () =>
    new ViewServer([], { address: { hostname: "127.0.0.1", port }, version: "", log: silent });
  assert.throws(again, (error) =>
    error instanceof ViewError &&
    error.message ===
      `Cannot serve the page on 127.0.0.1:${port}: the port is in use by another process`);
});

Deno.test("a page gets what it watches, and nothing is wanted without a page", async () => {
  const front = viewed("front");
  await using server = serve("127.0.0.1", [front]);
  assert.deepEqual([front.telemetry.wants("picture"), front.telemetry.wants("near_miss")], [
    false,
    false,
  ]);
  {
    await using page = await Page.open(server.url);
    page.send({ type: "watch", pipelines: { front: "full" } });
    await eventually("watched", () => front.telemetry.wants("picture"));
    front.telemetry.tell("picture", picture(1));
    await eventually("a picture", () => page.items.some(({ topic }) => topic === "picture"));
    const item = page.items.find(({ topic }) => topic === "picture")!;
    assert.deepEqual([...item.blob!], [...picture(1).jpeg]);
    page.send({ type: "watch", pipelines: { front: "background" } });
    await eventually("unwatched", () => !front.telemetry.wants("picture"));
  }
  await eventually(
    "nothing is wanted",
    () => !front.telemetry.wants("step") && !front.telemetry.wants("near_miss"),
  );
});

Deno.test("a slow page gets newer pictures, and every event", async () => {
  const front = viewed("front");
  await using server = serve("127.0.0.1", [front]);
  await using page = await Page.open(server.url);
  page.acknowledges = false;
  page.send({ type: "watch", pipelines: { front: "full" } });
  await eventually("watched", () => front.telemetry.wants("picture"));
  const event = sampleEvent();
  for (let t = 1; t <= 100; t++) {
    front.telemetry.tell("picture", picture(t));
    const told = { ...event, seq: t - 1, type: t === 1 ? "new" : "update" } as typeof event;
    front.telemetry.tell("event", {
      event: told,
      heatMap: new Float32Array(4),
      ptsNs: t * 1e9,
      epochNs: 0n,
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const before = page.batches.length;
  assert.ok(before <= 3, `${before} batches without acknowledgement`);
  page.acknowledges = true;
  page.send({ type: "ack", number: before });
  const events = () => page.items.filter(({ topic }) => topic === "event");
  await eventually("all events", () => events().length === 100);
  const times = page.items.flatMap((item) => item.topic === "picture" ? [item.message.t] : []);
  assert.ok(times.length < 50 && times.at(-1) === 100, `${times}`);
});

Deno.test("settings change for all pages, and faults come back to the one that sent them", async () => {
  const front = viewed("front");
  await using server = serve("127.0.0.1", [front]);
  await using one = await Page.open(server.url);
  await using other = await Page.open(server.url);
  const yamls = (page: Page) =>
    page.items.flatMap((item) => item.topic === "yaml" ? [item.message] : []);
  await eventually("greeted", () => yamls(one).length === 1 && yamls(other).length === 1);
  one.send({ type: "tune", pipeline: "front", change: { gate: -40 } });
  await eventually("both know", () => yamls(one).length === 2 && yamls(other).length === 2);
  assert.deepEqual(front.tuned, [{ gate: -40 }]);
  assert.equal(yamls(other)[1].text, "detect:\n");
  one.send({ type: "tune", pipeline: "front", change: "bad" });
  await eventually("the fault", () => yamls(one).at(-1)?.fault === "Cannot change detect: bad");
  assert.equal(yamls(other).length, 2);
  one.send({ type: "tune", pipeline: "rear", change: {} });
  one.send("not JSON");
  await eventually("closed", () => one.closed);
  assert.equal(other.closed, false);
});

Deno.test("a page that opens later gets the newest events and log lines", async () => {
  const front = viewed("front");
  await using server = serve("127.0.0.1", [front]);
  const event = sampleEvent();
  for (const seq of [0, 1]) {
    front.telemetry.tell("event", {
      event: { ...event, seq },
      heatMap: new Float32Array(4),
      ptsNs: 1e9,
      epochNs: 0n,
    });
  }
  front.telemetry.tell("log", { timeMs: 1, level: "info", message: "running" });
  await using page = await Page.open(server.url);
  await eventually("greeted", () => page.items.some(({ topic }) => topic === "log"));
  const events = page.items.flatMap((item) => item.topic === "event" ? [item.message.event] : []);
  assert.deepEqual(events.map(({ seq }) => seq), [1]);
});
