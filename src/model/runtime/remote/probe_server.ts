import { audioContract, checkContract, imageContract } from "../../contract.ts";
import type { Manifest } from "../../manifest.ts";
import { servedAudio, servedImage } from "../../served_models.ts";
import { parseOipAddress } from "./oip_address.ts";
import { openOipClient } from "./open_oip_client.ts";

/** An inference server that is ready and has both models. */
export interface ServerProbe {
  readonly url: string;
  readonly name: string;
  readonly version: string;
  /** Names of the models on the server. */
  readonly models: readonly string[];
}

/**
 * Compares what a server offers with a model's manifest; runs nothing.
 *
 * @throws {ModelError} in one line, why a pipeline cannot use it now.
 */
export async function probeServer(library: string, manifest: Manifest): Promise<ServerProbe> {
  const client = await openOipClient(parseOipAddress(library));
  const { url } = client.address;
  try {
    const { name, version } = await client.facts();
    const models = [
      { served: servedImage(manifest), contract: imageContract(manifest) },
      { served: servedAudio(manifest), contract: audioContract(manifest) },
    ];
    for (const { served, contract } of models) {
      checkContract(`${served.name} on ${url}`, await client.model(served), contract);
    }
    return { url, name, version, models: models.map(({ served }) => served.name) };
  } finally {
    client.close();
  }
}

/** `triton 2.50.0, ready: denseav-mini-image, denseav-mini-audio`. */
export function serverText({ name, version, models }: ServerProbe): string {
  return `${name} ${version}, ready: ${models.join(", ")}`;
}
