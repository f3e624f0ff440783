import process from "node:process";
import { composePipeline } from "../src/pipeline/compose.ts";
import { ViewServer } from "../src/viewer/view_server.ts";
import { decodeBatch } from "../src/viewer/wire.ts";
import { openSocket } from "../tests/support/open_socket.ts";
import { clipPipeline, MODEL } from "./demo_clip.ts";
import { type BenchReport, median } from "./report.ts";

const RUNS = 3;

/** CPU of the live page's feed: the demo clip at live pace with a page that shows everything, against no page. */
export async function bench(): Promise<BenchReport> {
  const shown: number[] = [];
  const bare: number[] = [];
  let pictures = 0;
  for (let run = 0; run < RUNS; run++) {
    bare.push((await play("nothing")).cpu);
    const watched = await play("page");
    shown.push(watched.cpu);
    pictures = watched.pictures;
  }
  const percent = (values: readonly number[]) => 100 * median(values);
  const baseline = { what: "no page", value: percent(bare) };
  return {
    name: "view",
    basis: `median of ${RUNS}, 640 x 480 at 10 frames/s`,
    figures: [
      { what: "CPU with a page, share of a core", value: percent(shown), unit: "%", baseline },
      { what: "CPU of the feed", value: percent(shown) - percent(bare), unit: "%" },
      { what: "pictures that arrived", value: pictures, unit: "per s" },
    ],
  };
}

async function play(reader: "page" | "nothing"): Promise<{ cpu: number; pictures: number }> {
  const folder = await Deno.makeTempDir();
  const config = clipPipeline("live", { jsonl: `${folder}/events.jsonl` });
  const pipeline = composePipeline(config, { folder: MODEL, log: () => {}, pictures: true });
  const options = {
    address: { hostname: "127.0.0.1", port: 0 },
    version: "bench",
    log: () => {},
  };
  let page: Deno.ChildProcess | undefined;
  const viewed = {
    name: config.name,
    telemetry: pipeline.telemetry,
    tune: () => undefined,
    reset: () => {},
    yaml: () => ({ file: "bench.yaml", text: "", editable: false }),
    save: () => Promise.resolve(undefined),
  };
  await using server = reader === "page" ? new ViewServer([viewed], options) : undefined;
  if (server) {
    page = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", import.meta.filename!, server.url],
      stdout: "piped",
    }).spawn();
    await server.connected;
  }
  const beganMs = performance.now();
  const before = process.cpuUsage();
  await pipeline.run(new AbortController().signal);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - beganMs) / 1000;
  await server?.[Symbol.asyncDispose]();
  const count = page ? Number(new TextDecoder().decode((await page.output()).stdout)) : 0;
  await Deno.remove(folder, { recursive: true });
  return { cpu: (user + system) / 1e6 / seconds, pictures: count / seconds };
}

/** A page in a process of its own: takes everything, and counts the pictures. */
async function readAll(url: string): Promise<number> {
  const socket = openSocket(url);
  const { promise, resolve } = Promise.withResolvers<void>();
  let pictures = 0;
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "watch", pipelines: { bench: "full" } }));
  socket.onmessage = ({ data }) => {
    const { number, items } = decodeBatch(data);
    pictures += items.filter(({ topic }) => topic === "picture").length;
    socket.send(JSON.stringify({ type: "ack", number }));
  };
  socket.onclose = () => resolve();
  await promise;
  return pictures;
}

if (import.meta.main) console.log(await readAll(Deno.args[0]));
