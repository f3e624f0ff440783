/** The broker answered a message with a refusal: sending it again would not help. */
export class MessageRefusedError extends Error {
  override readonly name = "MessageRefusedError";
}

/** The connection ended before the broker had answered. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "no answer",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an unknown authority: set ca",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate comes from an unknown authority: set ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an unknown authority: set ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an unknown authority: set ca",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it wants a client certificate: set cert and key",
};

// CONNACK codes of MQTT 3.1.1 (§ 3.2.2.3) and reason codes of MQTT 5.0 (§ 3.2.2.2).
const BAD_LOGIN = new Set([4, 5, 134, 135]);
const WRONG_PROTOCOL = new Set([1, 132]);

function codeOf(error: unknown): string | number | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" || typeof code === "number" ? code : undefined;
}

/** Whether a broker turned a connection down because of its protocol version. */
export function isProtocolRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === "number" && WRONG_PROTOCOL.has(code);
}

/** Whether a broker answered a message, a subscription or a connection with a reason code. */
export function isRefusal(error: unknown): boolean {
  return typeof codeOf(error) === "number";
}

/** Why a broker could not be reached, in words that name the key to set where there is one. */
export function describeFault(error: unknown): string {
  const code = codeOf(error);
  if (typeof code === "string" && code in WORDS) return WORDS[code];
  if (typeof code === "number" && BAD_LOGIN.has(code)) {
    return "it refuses the login: check username and password_file";
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message === "connack timeout") return "no answer";
  return message === "" ? String(code ?? "unknown reason") : message.replace(/\s+/g, " ");
}

/** A broker's address without user name, password or query, for messages. */
export function shownUrl(url: string): string {
  if (/^embedded:\d*$/.test(url)) return url;
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "the broker";
  }
}
