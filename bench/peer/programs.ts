import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Manifest } from "../../src/model/manifest.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const MEASURE = fileURLToPath(new URL("measure.py", import.meta.url));
const PEER = fileURLToPath(new URL("pipeline.py", import.meta.url));

/** Debian's Python: it alone has the bindings of Debian's GStreamer. */
const PYTHON = "/usr/bin/python3";
/** The same ONNX Runtime as Whence's. */
const WHEELS = ["onnxruntime==1.30.0", "paho-mqtt==2.1.0"];

/** What both programs are given. */
export interface Job {
  readonly clip: string;
  readonly pace: "live" | "fast";
  /** Names of the cameras; all play the same clip. */
  readonly cameras: readonly string[];
  readonly model: string;
  readonly manifest: Manifest;
  readonly port: number;
  /** A folder for the job's files. */
  readonly folder: string;
}

const usageSchema = z.object({
  /** Epoch time, s. */
  started: z.number(),
  /** User and system, s. */
  cpu: z.number(),
  /** Largest resident memory. */
  rssMb: z.number(),
  /** Largest share of memory: a page that several processes use counts for each in part. */
  pssMb: z.number(),
  /** Most memory that no other process uses. */
  privateMb: z.number(),
  code: z.literal(0),
});
/** What one run took. */
export type Usage = z.infer<typeof usageSchema>;

/** A program that can run a job: the command, arguments included. */
export type Program = (job: Job) => Promise<string[]>;

/** `whence run`, all cameras in one process. */
export const whence: Program = async (job) => {
  const files = await Promise.all(job.cameras.map(async (name) => {
    const file = join(job.folder, `${name}.yaml`);
    const config = {
      name,
      source: { uri: job.clip, pace: job.pace },
      model: job.model,
      runtime: { providers: ["cpu"], threads: 1 },
      publish: { mqtt: { url: `mqtt://127.0.0.1:${job.port}` } },
    };
    await Deno.writeTextFile(file, JSON.stringify(config));
    return file;
  }));
  const task = await launcher();
  return [...task, "run", ...files];
};

/** The command of `deno task whence`, without its change of folder. */
async function launcher(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json")));
  const flags = /deno run (.*) "\$MAIN"/.exec(tasks.whence)?.[1];
  if (flags === undefined) throw new Error("deno.json has no task whence that runs $MAIN");
  return [Deno.execPath(), "run", ...flags.split(" "), join(PROJECT, "src/main.ts")];
}

/** The Python pipeline in a virtual environment, all cameras in one process. */
export function peer(environment: string): Program {
  return (job) =>
    Promise.resolve([
      join(environment, "bin/python"),
      PEER,
      ...["--clip", job.clip, "--model", job.model, "--manifest", JSON.stringify(job.manifest)],
      ...["--port", String(job.port), ...job.cameras.flatMap((name) => ["--camera", name])],
      ...(job.pace === "fast" ? ["--fast"] : []),
    ]);
}

/** Makes the Python pipeline's virtual environment in a folder. */
export async function makeEnvironment(folder: string): Promise<string> {
  const path = join(folder, "python");
  await output(PYTHON, ["-c", "import gi, numpy"], "apt-get install python3-gi python3-numpy");
  const bindings = "apt-get install python3-venv gir1.2-gst-plugins-base-1.0";
  await output(PYTHON, ["-m", "venv", "--system-site-packages", path], bindings);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...WHEELS];
  await output(join(path, "bin/python"), pip, "allow access to PyPI");
  return path;
}

/** Runs a command to its end. */
export async function measure(command: readonly string[]): Promise<Usage> {
  const text = await output(PYTHON, [MEASURE, ...command], "see its messages above");
  return usageSchema.parse(JSON.parse(text));
}

async function output(command: string, args: string[], remedy: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  const reason = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`${command} ${args[0]} ${args[1] ?? ""} failed: ${reason} (${remedy})`);
}
