import {
  hostText,
  type ListenAddress,
  listenFault,
  parseListenAddress,
} from "../core/listen_address.ts";
import type { Finding } from "../core/finding.ts";
import { FOXGLOVE_PORT } from "../foxglove/foxglove_schema.ts";
import { METRICS_PORT } from "../metrics/metrics_schema.ts";
import { VIEW_PORT } from "../viewer/view_schema.ts";
import type { PipelineConfig } from "./schema.ts";

/** Tries to listen where a pipeline serves its metrics, its live page and Foxglove. */
export function probePorts({ metrics, view, foxglove }: PipelineConfig): Finding[] {
  return [
    ...tried("metrics", metrics, METRICS_PORT),
    ...tried("live page", view?.address, VIEW_PORT),
    ...tried("Foxglove", foxglove?.address, FOXGLOVE_PORT),
  ];
}

function tried(name: string, text: string | undefined, defaultPort: number): Finding[] {
  const address = text === undefined ? undefined : parseListenAddress(text, defaultPort);
  if (address === undefined) return [];
  const fault = faultOf(address);
  return [{
    area: "Ports",
    name,
    status: fault === undefined ? "ok" : "missing",
    needed: true,
    detail: `${hostText(address)}${fault === undefined ? "" : `: ${fault}`}`,
  }];
}

function faultOf(address: ListenAddress): string | undefined {
  try {
    Deno.listen(address).close();
    return undefined;
  } catch (error) {
    return listenFault(error);
  }
}
