/** The broker refused a message: sending it again would not help. */
export class MessageRefusedError extends Error {
  override readonly name: string = "MessageRefusedError";
}

/** A message is larger than the broker accepts (MQTT 5 Maximum Packet Size); it was not sent. */
export class MessageTooLargeError extends MessageRefusedError {
  override readonly name = "MessageTooLargeError";

  constructor(bytes: number, limit: number) {
    super(`a message must have at most ${limit} bytes, got ${bytes}`);
  }
}

/** The connection ended before the broker had acknowledged. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/** A file with a password, a certificate or a key can't be read. */
export class CredentialFileError extends Error {
  override readonly name = "CredentialFileError";
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "host not found",
  EAI_AGAIN: "the host name cannot be resolved",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "no answer",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is from an unknown authority: set ca",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is from an unknown authority: set ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is from an unknown authority: set ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is from an unknown authority: set ca",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it requires a client certificate: set cert and key",
};

// CONNACK codes of MQTT 3.1.1 (§ 3.2.2.3) and reason codes of MQTT 5.0 (§ 3.2.2.2).
const BAD_LOGIN = new Set([4, 5, 134, 135]);
const WRONG_PROTOCOL = new Set([1, 132]);

// Reason code of a DISCONNECT of MQTT 5.0 (§ 3.14.2.1).
const TAKEN_OVER = 142;

/** Whether a broker ended a connection because another client connected with the same client id. */
export function isTakenOver(reasonCode: number | undefined): boolean {
  return reasonCode === TAKEN_OVER;
}

// Codes of Node.js for certificates that were not accepted, by either side.
const CERTIFICATE_FAULT = /CERT|UNABLE_TO_VERIFY|ERR_SSL|ERR_TLS/;

function codeOf(error: unknown): string | number | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" || typeof code === "number" ? code : undefined;
}

/** Whether a broker refused a connection because of its protocol version. */
export function isProtocolRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === "number" && WRONG_PROTOCOL.has(code);
}

/** Whether a broker refused a message, a subscription or a connection with a reason code. */
export function isRefusal(error: unknown): boolean {
  return typeof codeOf(error) === "number";
}

/** Whether a connection failed for a reason that a user has to fix: the login, a certificate or its file. */
export function isPermanent(error: unknown): boolean {
  const code = codeOf(error);
  if (typeof code === "number") return BAD_LOGIN.has(code);
  return error instanceof CredentialFileError || code !== undefined && CERTIFICATE_FAULT.test(code);
}

/** Why a broker could not be reached, worded for users; names the key to set if there is one. */
export function describeFault(error: unknown): string {
  const code = codeOf(error);
  if (typeof code === "string" && code in WORDS) return WORDS[code];
  if (typeof code === "number" && BAD_LOGIN.has(code)) {
    return "login refused: check username and password_file";
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message === "connack timeout") return "no answer";
  return message === "" ? String(code ?? "unknown reason") : message.replace(/\s+/g, " ");
}

/** A broker's address without user name, password and query, for messages. */
export function shownUrl(url: string): string {
  if (/^embedded:[\w.:[\]-]*$/.test(url)) return url;
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "the broker";
  }
}
