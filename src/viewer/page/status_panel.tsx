import type { CameraStore } from "./camera_store.ts";
import { durationText } from "./format.ts";
import type { PageStore } from "./page_store.ts";

/** State and counters of the pipeline and its process. */
export function StatusPanel({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const { state, stats, description, frameRate, hopRate } = camera;
  const providers = new Set(Object.values(stats?.providers ?? state?.providers ?? {}));
  const rows: [string, string | undefined][] = [
    ["model", description?.model],
    ["runs on", [...providers].join(", ") || undefined],
    ["source", description && `${description.fit.sourceWidth} × ${description.fit.sourceHeight}`],
    ["frames", frameRate === undefined ? undefined : `${frameRate.toFixed(1)} per s`],
    [
      "hops",
      hopRate === undefined
        ? undefined
        : `${hopRate.toFixed(1)} per s, ${stats?.hops?.skipped ?? 0} skipped`,
    ],
    ["latency", latencyText(stats?.latency_ms)],
    ["uptime", stats?.uptime_s === undefined ? undefined : durationText(stats.uptime_s)],
    ["reconnects", stats?.reconnects === undefined ? undefined : String(stats.reconnects)],
    ["CPU", store.process && `${Math.round(store.process.cpu * 100)} % of a core`],
    ["memory", store.process && `${Math.round(store.process.rssBytes / 1e6)} MB`],
    ...Object.entries(stats?.sinks ?? {}).map((
      [name, counters],
    ): [string, string] => [name, sinkText(counters)]),
  ];
  return (
    <section class="panel status" aria-labelledby="status-title">
      <h2 id="status-title">Status</h2>
      <dl class="facts">
        {rows.filter(([, value]) => value !== undefined).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>Log</summary>
        <ol class="log" tabindex={0} aria-label="Log lines">
          {camera.log.toReversed().slice(0, 100).map(({ timeMs, level, message }, i) => (
            <li key={`${timeMs} ${i}`} class={level}>
              <time>{new Date(timeMs).toLocaleTimeString()}</time> {message}
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function latencyText(
  latency: { p50: number | null; p95: number | null } | undefined,
): string | undefined {
  if (latency?.p50 == null) return undefined;
  return `${Math.round(latency.p50)} ms, 95 % below ${Math.round(latency.p95 ?? latency.p50)} ms`;
}

function sinkText(counters: Readonly<Record<string, unknown>>): string {
  const { acknowledged = 0, waiting = 0, dropped = 0, complaint } = counters;
  const counts = `${acknowledged} delivered, ${waiting} waiting${
    dropped ? `, ${dropped} dropped` : ""
  }`;
  return typeof complaint === "string" ? `${counts}: ${complaint}` : counts;
}
