const MASK = "***";
const SHORTEST = 4;

const known = new Map<string, RegExp>();

/** Keeps a secret from ever showing in text that goes through {@linkcode maskSecrets}. */
export function rememberSecret(secret: string): void {
  if (secret.length < SHORTEST) return;
  for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
    known.set(form, pattern(form));
  }
}

const SECRET_NAME =
  "[\\w-]*(?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|private)[-_]?key)[\\w-]*" +
  "|(?:[\\w-]*[-_])?(?:pass|pwd|pw)";

/** Whether a variable or parameter of this name holds a secret. */
export function soundsSecret(name: string): boolean {
  return new RegExp(`^(?:${SECRET_NAME})$`, "i").test(name) && !/file$/i.test(name);
}

/** Remembers the passwords of the URLs among all texts of a document, as written and decoded. */
export function rememberUrlPasswords(content: unknown): void {
  if (typeof content === "object" && content !== null) {
    for (const value of Object.values(content)) rememberUrlPasswords(value);
  }
  if (typeof content !== "string") return;
  const whole = /^[a-z][a-z0-9+.-]*:\/\/[^:@/]*:(.+)@/is.exec(content);
  const inside = [...content.matchAll(URL_PASSWORD)].map((match) => match[2]);
  for (const password of whole === null ? inside : [whole[1], ...inside]) {
    rememberSecret(password);
    try {
      rememberSecret(decodeURIComponent(password));
    } catch {
      // Not percent-encoded: the form as written is all there is.
    }
  }
}

// GStreamer takes all before the first @ for user and password, a slash too; so does this.
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s"':@/?#]*):([^\s"']+)@/gi;
// A name without a password in front of a camera's or server's host may be a key.
const LONE_USER = /((?:https?|rtsp[stu]?):\/\/)[^\s"'@/:]+@/gi;
const QUERY = /([?&](?:key|auth|sig|signature)=)[^\s"'&]+/gi;
const PARAMETER = new RegExp(
  `(?<![\\w-])(${SECRET_NAME})(\\s*=\\s*)("(?:\\\\.|[^"\\\\])*"|'[^']*'|[^\\s"'&;!]+)`,
  "gi",
);

/**
 * The text with every secret replaced by `***`: passwords inside URLs, parameters such as `user-pw=` and `token=`,
 * and all that {@linkcode rememberSecret} was told. Logs, `check` and `state` show nothing else.
 */
export function maskSecrets(text: string): string {
  let masked = text.replace(URL_PASSWORD, `$1:${MASK}@`).replace(LONE_USER, `$1${MASK}@`)
    .replace(QUERY, `$1${MASK}`).replace(
      PARAMETER,
      (whole, name: string, equals: string) =>
        soundsSecret(name) ? `${name}${equals}${MASK}` : whole,
    );
  for (const form of known.values()) masked = masked.replaceAll(form, MASK);
  return masked;
}

// A password that is a mere word ("password", "admin") hides only where it stands alone, or text would be unreadable.
function pattern(secret: string): RegExp {
  const exact = RegExp.escape(secret);
  return new RegExp(/^[a-z]+$/i.test(secret) ? `(?<!\\w)${exact}(?!\\w)` : exact, "g");
}
