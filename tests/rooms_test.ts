import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

/** The rooms of `src`, and the rooms below each that it may import; every room may import `core` and itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  onnx: [],
  ring: [],
  config: [],
  events: ["config"],
  model: ["config", "onnx"],
  grounding: ["model", "ring", "onnx", "config"],
  detection: ["events", "grounding", "model", "config"],
  capture: ["ring", "config"],
  telemetry: ["events"],
  labels: ["grounding", "model"],
  foxglove: ["telemetry", "events"],
  mcap: ["foxglove", "telemetry", "events"],
  publish: ["mcap", "events", "telemetry", "config"],
  client: ["publish", "events"],
  metrics: ["telemetry", "events"],
  record: ["telemetry", "events", "config"],
  viewer: ["telemetry", "events"],
  importer: ["model", "grounding", "onnx"],
  evaluation: ["model", "grounding", "onnx", "events"],
  calibration: ["model", "grounding", "onnx", "capture", "evaluation"],
  learning: ["model", "onnx", "capture", "calibration"],
};

/** Parts of the importer, and what each may import of it. */
const IMPORTER_PARTS: Readonly<Record<string, readonly string[]>> = {
  "importer/hub": ["importer/import_error.ts", "importer/disk_space.ts"],
  "importer/checkpoint": ["importer/import_error.ts"],
  "importer/graph": ["importer/checkpoint/"],
};

/** What `src/pipeline` knows of capture: interfaces, errors, the schema and the registry. */
const CAPTURE_INTERFACES = [
  "audio_health",
  "capture_error",
  "coverage",
  "examined_source",
  "media",
  "picture_health",
  "source",
  "source_address",
  "source_schema",
  "sources",
].map((name) => `capture/${name}.ts`);

/** The one file of `src/pipeline` that knows which parts there are. */
const COMPOSITION_ROOT = "pipeline/compose.ts";

/** The binding to GStreamer, through which everything of capture gets to it. */
const GSTREAMER = "capture/native.ts";

/** Every source file with the files of `src` that it imports, statically or not. */
const IMPORTS = new Map([...sourceFiles(SRC)].map((file) => {
  const text = Deno.readTextFileSync(file);
  const specifiers = [...text.matchAll(/(?:from|import) \(?"(\.[^"]+)"|import\("(\.[^"]+)"\)/g)];
  const targets = specifiers.map(([, from, dynamic]) => join(dirname(file), from ?? dynamic));
  return [relative(SRC, file), targets.map((target) => relative(SRC, target))];
}));

Deno.test("rooms import only rooms below them", () => {
  for (const [file, targets] of IMPORTS) {
    const room = file.split("/")[0];
    const allowed = MAY_IMPORT[room];
    if (allowed === undefined) continue;
    for (const target of targets) {
      if (!target.endsWith(".ts")) continue;
      const other = target.split("/")[0];
      assert.ok([room, "core", ...allowed].includes(other), `${file} imports ${target}`);
    }
  }
});

Deno.test("only the composition root knows GStreamer, and no file of the pipeline a sink by name", () => {
  const files = [...IMPORTS.keys()].filter((file) => dirname(file) === "pipeline");
  assert.ok(reached(COMPOSITION_ROOT).has(GSTREAMER));
  for (const file of files) {
    for (const target of IMPORTS.get(file)!) {
      assert.doesNotMatch(
        target,
        /^publish\/(mqtt|jsonl|mcap|sinks)\//,
        `${file} imports ${target}`,
      );
      if (file === COMPOSITION_ROOT || !target.startsWith("capture/")) continue;
      assert.ok(CAPTURE_INTERFACES.includes(target), `${file} imports ${target}`);
    }
    if (file === COMPOSITION_ROOT) continue;
    assert.ok(!reached(file).has(GSTREAMER), `${file} loads GStreamer`);
    assert.ok(!reached(file).has(COMPOSITION_ROOT), `${file} loads the composition root`);
  }
});

Deno.test("the importer's parts import one way", () => {
  for (const [part, allowed] of Object.entries(IMPORTER_PARTS)) {
    const files = [...IMPORTS].filter(([file]) => dirname(file) === part);
    assert.ok(files.length > 2, part);
    for (const [file, targets] of files) {
      for (const target of targets.filter((path) => path.startsWith("importer/"))) {
        const fits = [`${part}/`, ...allowed].some((prefix) => target.startsWith(prefix));
        assert.ok(fits, `${file} imports ${target}`);
      }
    }
  }
});

Deno.test("no file imports itself by way of others", () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    assert.ok(!path.includes(file), [...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file)) return;
    for (const target of IMPORTS.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of IMPORTS.keys()) visit(file, []);
});

/** The files that a file loads, directly or not. */
function reached(file: string, into = new Set<string>()): Set<string> {
  for (const target of IMPORTS.get(file) ?? []) {
    if (into.has(target)) continue;
    into.add(target);
    reached(target, into);
  }
  return into;
}

function* sourceFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sourceFiles(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
