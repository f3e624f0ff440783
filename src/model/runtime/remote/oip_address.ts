import { ModelError } from "../../manifest.ts";

/** An inference server that `runtime.library` names. */
export interface OipAddress {
  /** Without a slash at the end, such as `http://gpu-box:8000`. */
  readonly url: string;
  /** `HOST:PORT`, as Deno's network permission takes it. */
  readonly host: string;
}

/** Whether `runtime.library` names an inference server; {@linkcode parseOipAddress} may still reject it. */
export function isRemote(library: string): boolean {
  return /^oip\+/i.test(library);
}

/**
 * Reads `oip+http://HOST:PORT` or `oip+https://HOST:PORT`, with a path if a gateway needs one.
 *
 * @throws {ModelError} for another scheme, such as gRPC, a password, or no URL.
 */
export function parseOipAddress(library: string): OipAddress {
  const fault = (got: string) =>
    new ModelError(
      `Cannot use ${got}: runtime.library must be oip+http://HOST:PORT or oip+https://HOST:PORT`,
    );
  const scheme = /^oip\+([^:]*):/i.exec(library)?.[1].toLowerCase();
  if (scheme === "grpc" || scheme === "grpcs") {
    throw new ModelError(
      `Cannot use gRPC: runtime.library must be oip+http:// or oip+https:// and the server's HTTP port ` +
        `(Triton: 8000), got oip+${scheme}://`,
    );
  }
  const url = URL.parse(library.slice("oip+".length));
  if (url === null || scheme !== "http" && scheme !== "https" || url.hostname === "") {
    throw fault(library);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw fault("an address with a user, a query or a fragment");
  }
  const port = url.port === "" ? (scheme === "https" ? "443" : "80") : url.port;
  return {
    url: `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
    host: `${url.hostname}:${port}`,
  };
}
