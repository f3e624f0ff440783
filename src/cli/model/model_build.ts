import prettyMs from "pretty-ms";
import { findModel } from "../../model/find_model.ts";
import type { RuntimeConfig } from "../../model/runtime_schema.ts";
import { buildEngine } from "../../pipeline/build_engine.ts";
import type { BuildTime } from "../../pipeline/build_time.ts";
import { loadPipeline } from "../../pipeline/load.ts";
import type { BuildStep } from "../../pipeline/watched_runtime.ts";
import { UsageError } from "../exit.ts";
import { printNews } from "../stderr.ts";
import { runtimeConfig } from "../runtime_options.ts";
import { modelsFolder } from "./model_folder.ts";
import { buildTitle, placementText } from "./placement_text.ts";

/** Options of `model build`, as the command line gives them. */
export interface BuildCommandOptions {
  readonly for?: string;
  readonly out?: string;
  readonly library?: string;
  readonly providers?: string;
  /** s */
  readonly window?: number;
  readonly threads: number;
}

/** How often a long step reports the time left, ms. */
const REPORT_MS = 15_000;
/** Window without a pipeline file: the default of `window.duration`, s. */
const WINDOW = 2;

/**
 * Builds a model's engines, and prints where each part runs.
 *
 * @throws {UsageError} when both a pipeline file and parts of it are given.
 * @throws {ModelError} one line: model missing or broken, library or provider unavailable.
 */
export async function buildModel(name: string, options: BuildCommandOptions): Promise<void> {
  const model = await findModel(name, ".", modelsFolder(options.out));
  const wanted = await settings(options);
  const startMs = performance.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    const record = await buildEngine({
      model,
      ...wanted,
      onStep: (step, time) => {
        const beganMs = performance.now();
        timer = setInterval(() => printNews(progressText(step, time, beganMs)), REPORT_MS);
      },
      onStepEnd: (step, seconds, time) => {
        clearInterval(timer);
        const left = time.finished === time.total ? undefined : time.left(0);
        printNews(`${stepText(step, time.finished, time)}: ${text(seconds)}${leftText(left)}`);
      },
    });
    const { name, version } = model.manifest;
    const took = text((performance.now() - startMs) / 1000);
    console.log(
      `${name}@${version}: ${buildTitle(record)}, built in ${took}\n\n${placementText(record)}`,
    );
  } finally {
    clearInterval(timer);
  }
}

interface Settings {
  readonly runtime: RuntimeConfig;
  readonly folder: string;
  readonly window: number;
}

async function settings(options: BuildCommandOptions): Promise<Settings> {
  const { library, providers, window, threads } = options;
  if (options.for === undefined) {
    const runtime = runtimeConfig({ library, providers, threads }, "build");
    return { runtime, folder: ".", window: window ?? WINDOW };
  }
  const other = Object.entries({ library, providers, window }).find(([, value]) =>
    value !== undefined
  );
  if (other) throw new UsageError(`Cannot build: --${other[0]} must not be given with --for`);
  const { config, folder } = await loadPipeline(options.for);
  return { runtime: config.runtime, folder, window: config.window.duration };
}

function progressText(step: BuildStep, time: BuildTime, beganMs: number): string {
  const seconds = (performance.now() - beganMs) / 1000;
  const state = `${stepText(step, time.finished + 1, time)}: ${text(seconds)} so far`;
  return state + leftText(time.left(seconds));
}

/** `3/6 image, first run`. */
function stepText({ part, action }: BuildStep, number: number, { total }: BuildTime): string {
  return `${number}/${total} ${part}, ${action}`;
}

function leftText(seconds: number | undefined): string {
  return seconds === undefined ? "" : `, about ${prettyMs(Math.ceil(seconds) * 1000)} left`;
}

function text(seconds: number): string {
  return prettyMs(seconds * 1000, { secondsDecimalDigits: 1 });
}
