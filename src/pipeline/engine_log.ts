import type { Log } from "../core/log.ts";
import type { Refusal } from "../model/runtime/refusal.ts";
import type { Engine } from "./engine.ts";

/** Logs a model that was loaded: what it runs on and what it cannot do. */
export function logEngine(engine: Engine, log: Log): void {
  logPlaces(engine, log);
  for (const { provider, reason } of refusals(engine)) {
    log("warning", `execution provider ${provider} is not used: ${reason}`);
  }
  const { manifest } = engine;
  manifest.heads.forEach(({ kind, calibration, verified }, k) => {
    if (!calibration) {
      log(
        "warning",
        `head ${k} (${kind}) is not calibrated: its scores only rank time steps against each other; ` +
          `run whence model calibrate ${manifest.name}`,
      );
    }
    if (!verified) log("warning", `head ${k} is presumed to be the ${kind} head`);
  });
}

/** Logs what each part of a model runs on. */
export function logPlaces({ manifest, providers }: Engine, log: Log): void {
  const places = Object.entries(providers).map(([part, provider]) => `${part} on ${provider}`);
  log("info", `model ${manifest.name}@${manifest.version}: ${places.join(", ")}`);
}

/** Providers that are not used although they are preferred, each once. */
function refusals({ runtime, encoders }: Engine): Refusal[] {
  const all = [...runtime.refused, ...encoders.image.refused, ...encoders.audio.refused];
  return [...new Map(all.map((refusal) => [refusal.provider, refusal])).values()];
}
