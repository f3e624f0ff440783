import assert from "node:assert/strict";
import { isExporting } from "../../src/metrics/is_exporting.ts";
import { eventually } from "../support/eventually.ts";

/** The part of an OTLP message with metrics that is read here. */
interface Message {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly {
        readonly name: string;
        readonly sum?: { readonly dataPoints: readonly Point[] };
        readonly gauge?: { readonly dataPoints: readonly Point[] };
      }[];
    }[];
  }[];
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface Point {
  readonly attributes: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
}

const textOf = (attributes: readonly Attribute[], key: string) =>
  attributes.find((attribute) => attribute.key === key)?.value.stringValue;

Deno.test("Deno's variable decides whether metrics are offered", () => {
  assert.ok(isExporting(() => "true") && isExporting(() => "1"));
  assert.ok(!isExporting(() => "false") && !isExporting(() => undefined));
});

Deno.test("with OTEL_DENO, an OTLP receiver gets the metrics of a running pipeline", async () => {
  const messages: Message[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const body = await request.json();
      if (new URL(request.url).pathname === "/v1/metrics") messages.push(body);
      return Response.json({});
    },
  );
  const folder = await Deno.makeTempDir();
  const file = `${folder}/front.yaml`;
  const pipeline = {
    name: "front",
    source: { video: "test://smpte", audio: "test://sine", frame_rate: 5 },
    model: "denseav-mini",
    runtime: { providers: ["cpu"], threads: 1 },
    publish: { jsonl: "events.jsonl" },
  };
  await Deno.writeTextFile(file, JSON.stringify(pipeline));
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const whence = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, "run", file, "--state", `${folder}/state`],
    env: {
      OTEL_DENO: "true",
      OTEL_SERVICE_NAME: "robot",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const resources = () => messages.flatMap(({ resourceMetrics }) => resourceMetrics);
  const points = (name: string) =>
    resources().flatMap(({ scopeMetrics }) => scopeMetrics)
      .filter(({ scope }) => scope.name === "whence")
      .flatMap(({ metrics }) => metrics.filter((metric) => metric.name === name))
      .flatMap(({ sum, gauge }) => (sum ?? gauge)!.dataPoints);
  const of = (name: string, key: string, value: string) =>
    points(name).filter(({ attributes }) =>
      textOf(attributes, "pipeline") === "front" && textOf(attributes, key) === value
    ).map(({ asDouble, asInt }) => asDouble ?? Number(asInt));
  try {
    const count = () => Math.max(0, ...of("whence_hops_total", "outcome", "run"));
    await eventually("inferences are counted", () => count() > 0, 120_000);
    assert.ok(of("whence_pipeline_state", "state", "running").includes(1));
    const names = resources().map(({ resource }) => textOf(resource.attributes, "service.name"));
    assert.ok(names.includes("robot"));
  } finally {
    whence.kill("SIGTERM");
    const { code } = await whence.status;
    await Deno.remove(folder, { recursive: true });
    assert.equal(code, 0);
  }
});
