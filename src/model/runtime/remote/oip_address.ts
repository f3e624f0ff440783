import { ModelError } from "../../manifest.ts";

/** An inference server that `runtime.library` names. */
export interface OipAddress {
  readonly protocol: "http" | "https" | "grpc" | "grpcs";
  /** Without a slash at the end, such as `http://gpu-box:8000`. */
  readonly url: string;
  /** `HOST:PORT`, as Deno's network permission takes it. */
  readonly host: string;
}

const FORMS =
  "oip+http://HOST:PORT, oip+https://HOST:PORT, oip+grpc://HOST:PORT or oip+grpcs://HOST:PORT";

/** Whether `runtime.library` names an inference server; {@linkcode parseOipAddress} may still reject it. */
export function isRemote(library: string): boolean {
  return /^oip\+/i.test(library);
}

/**
 * Reads `oip+http://HOST:PORT` or `oip+https://HOST:PORT`, with a path if a gateway needs one, and `oip+grpc://HOST:PORT` or
 * `oip+grpcs://HOST:PORT`.
 *
 * @throws {ModelError} for another scheme, a password, a gRPC address without a port or with a path, or no URL.
 */
export function parseOipAddress(library: string): OipAddress {
  const fault = (got: string) =>
    new ModelError(`Cannot use ${got}: runtime.library must be ${FORMS}`);
  const [, scheme = "", rest = ""] = /^oip\+([^:]*):(.*)$/is.exec(library) ?? [];
  const protocol = scheme.toLowerCase();
  const isGrpc = protocol === "grpc" || protocol === "grpcs";
  if (!isGrpc && protocol !== "http" && protocol !== "https") throw fault(library);
  const isSafe = protocol.endsWith("s");
  // The URL parser knows hosts and default ports of HTTP alone.
  const url = /^\/\/[^/]/.test(rest) ? URL.parse(`${isSafe ? "https" : "http"}:${rest}`) : null;
  if (url === null || url.hostname === "") throw fault(library);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw fault("an address with a user, a query or a fragment");
  }
  const port = url.port === "" ? (isSafe ? "443" : "80") : url.port;
  const host = `${url.hostname}:${port}`;
  if (!isGrpc) {
    return { protocol, url: `${url.origin}${url.pathname}`.replace(/\/+$/, ""), host };
  }
  // A port that is the default of HTTP is not in `url.port`.
  if (!/:\d+\/?$/.test(rest) || url.pathname !== "/") throw fault(library);
  return { protocol, url: `${protocol}://${host}`, host };
}
