import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { type ProcessFigures, processFigures } from "../faults/process_figures.ts";

/** How long and how fast a pipeline runs. */
export interface SoakOptions {
  readonly seconds: number;
  /** Step between two inferences, ms; 20 makes one due for each time step of the model. */
  readonly hopMs: number;
  /** Pause between two samples of what the process uses, s. */
  readonly everyS: number;
  readonly onSample?: (sample: Sample) => void;
}

/** What the process uses at a time. */
export interface Sample extends ProcessFigures {
  /** Since the pipeline runs, s. */
  readonly atS: number;
}

/** What a soak has measured. */
export interface SoakReport {
  readonly samples: readonly Sample[];
  readonly events: number;
  /** Events that have a `new` and no `end`. */
  readonly unended: number;
  /** The pipeline's last counters. */
  readonly stats: SoakStats;
}

/** The part of `P/NAME/stats` that is reported. */
export interface SoakStats {
  readonly uptime_s: number;
  readonly hops: { readonly run: number; readonly skipped: number };
  readonly reconnects: number;
  readonly model_reloads: number;
}

// Anything that is heard is an event: a tone of half a second, each second.
const ANY = { on: 0.01, off: 0.005 };
const GRAPH =
  "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! " +
  "appsink name=video " +
  "audiotestsrc is-live=true wave=ticks freq=440 sine-periods-per-tick=220 ! audio/x-raw,format=S16LE,rate=16000 ! " +
  "appsink name=audio";

const pipelineFile = (url: string, hopMs: number) => ({
  name: "front",
  source: { graph: GRAPH },
  model: "denseav-mini",
  runtime: { providers: ["cpu"], threads: 1 },
  window: { hop: `${hopMs}ms` },
  detect: { sound: ANY, speech: ANY },
  publish: { mqtt: { url, picture: true } },
});

/** Runs `whence run` at live pace against a real Mosquitto, and follows what its process uses. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const folder = await Deno.makeTempDir({ prefix: "soak-" });
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  // Kept messages would take memory for as long as it runs.
  const open = new Set<string>();
  let events = 0;
  let state = "";
  let stats: SoakStats | undefined;
  ear.client.removeAllListeners("message");
  ear.client.on("message", (topic, payload) => {
    if (topic.endsWith("/state")) state = JSON.parse(payload.toString()).state;
    if (topic.endsWith("/stats")) stats = JSON.parse(payload.toString());
    if (!topic.endsWith("/event")) return;
    const { id, type } = JSON.parse(payload.toString());
    if (type === "new") events++;
    if (type === "end") open.delete(id);
    else open.add(id);
  });
  const file = `${folder}/front.yaml`;
  await Deno.writeTextFile(file, JSON.stringify(pipelineFile(broker.url, options.hopMs)));
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--v8-flags=--max-semi-space-size=1"],
      new URL("../../src/main.ts", import.meta.url).pathname,
      ...["run", file, "--state", `${folder}/state`],
    ],
    stdin: "null",
    stderr: "inherit",
  }).spawn();
  const samples: Sample[] = [];
  try {
    await eventually("the pipeline runs", () => state === "running", 300_000);
    const startMs = performance.now();
    const seconds = () => (performance.now() - startMs) / 1000;
    while (seconds() < options.seconds) {
      const sample = { atS: seconds(), ...await processFigures(process.pid) };
      samples.push(sample);
      options.onSample?.(sample);
      await new Promise((resolve) => setTimeout(resolve, options.everyS * 1000));
    }
    process.kill("SIGTERM");
    await process.status;
    await eventually("the last counters", () => state === "stopped" && stats !== undefined);
    return { samples, events, unended: open.size, stats: stats! };
  } finally {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await process.status;
    await Deno.remove(folder, { recursive: true });
  }
}
