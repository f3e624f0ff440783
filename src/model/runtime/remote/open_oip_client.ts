import type { OipAddress } from "./oip_address.ts";
import type { OipClient } from "./oip_client.ts";

/** The client for an address; connects at its first request. */
export async function openOipClient(address: OipAddress): Promise<OipClient> {
  // Only what the address needs is loaded.
  if (address.protocol === "grpc" || address.protocol === "grpcs") {
    const { OipGrpcClient } = await import("./oip_grpc_client.ts");
    return new OipGrpcClient(address);
  }
  const { OipHttpClient } = await import("./oip_http_client.ts");
  return new OipHttpClient(address);
}
