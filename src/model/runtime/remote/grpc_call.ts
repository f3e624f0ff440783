import { type Answer, suffixOf } from "./oip_request.ts";

/** A compression flag, and the length of the message that follows. */
const PREFIX_BYTES = 5;

/** Status codes that need code of their own (https://grpc.io/docs/guides/status-codes/). */
export const STATUS = { DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, UNIMPLEMENTED: 12 } as const;

const STATUS_NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** What a server that restarts or is too busy returns. */
const BUSY = ["CANCELLED", "RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE"];
/** What a proxy in front of such a server returns. */
const BUSY_HTTP = [429, 502, 503, 504];

/** The result of a call: a message, or why there is none. */
export type GrpcResult =
  | { readonly message: Uint8Array<ArrayBuffer> }
  | { readonly fault: string; readonly code?: number; readonly busy: boolean };

/** Headers of a call that takes one message and returns one, without compression. */
export function callHeaders(leftMs: number): Record<string, string> {
  return {
    "content-type": "application/grpc",
    "te": "trailers",
    "grpc-accept-encoding": "identity",
    "grpc-timeout": `${Math.ceil(leftMs)}m`,
  };
}

/** A message with its prefix. */
export function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(PREFIX_BYTES + message.length);
  new DataView(body.buffer).setUint32(1, message.length);
  body.set(message, PREFIX_BYTES);
  return body;
}

/**
 * Reads a response
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 *
 * `fetch` does not give the trailers, where the status is after a message. A whole message stands for OK, and servers send
 * the status of a call without one as headers; only the reason of a call that fails after its headers is lost.
 */
export function readResult({ status, headers, body }: Answer): GrpcResult {
  const type = headers.get("content-type") ?? "no content type";
  const code = headers.get("grpc-status");
  if (code !== null && code !== "0") {
    const name = STATUS_NAMES[Number(code)] ?? code;
    const text = decoded(headers.get("grpc-message") ?? "");
    return {
      fault: `the server returned ${name}${suffixOf(text)}`,
      code: Number(code),
      busy: BUSY.includes(name),
    };
  }
  if (status !== 200 || !type.startsWith("application/grpc")) {
    const got = status === 200 ? type : `HTTP ${status}`;
    return { fault: `it must be a gRPC server, got ${got}`, busy: BUSY_HTTP.includes(status) };
  }
  if (body.length === 0) {
    return { fault: "the server ended the call without a result; its log may say why", busy: true };
  }
  const length = body.length < PREFIX_BYTES ? 0 : new DataView(body.buffer).getUint32(1);
  if (body[0] !== 0 || body.length !== PREFIX_BYTES + length) {
    const got = body[0] === 0 ? `${body.length} bytes` : "a compressed one";
    return { fault: `the server must return one whole message, got ${got}`, busy: false };
  }
  return { message: body.subarray(PREFIX_BYTES) };
}

/** `grpc-message` is percent-encoded; some servers leave out a part of it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
