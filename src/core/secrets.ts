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

// Bounded, so that a long text without a secret costs no more than its length.
const SECRET_NAME =
  "[\\w-]{0,64}(?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|private)[-_]?key)[\\w-]{0,64}" +
  "|(?:[\\w-]{0,64}[-_])?(?:pass|pwd|pw)";

/** Whether a variable or parameter of this name holds a secret. */
export function soundsSecret(name: string): boolean {
  return new RegExp(`^(?:${SECRET_NAME})$`, "i").test(name) && !/file$/i.test(name);
}

/** Remembers the passwords of the URLs in all strings of a document, as written and decoded. */
export function rememberUrlPasswords(content: unknown): void {
  if (typeof content === "object" && content !== null) {
    for (const value of Object.values(content)) rememberUrlPasswords(value);
  }
  if (typeof content !== "string") return;
  const whole = /^[a-z][a-z0-9+.-]*:\/\/[^:@/]*:(.+)@/is.exec(content);
  const passwords = whole === null ? [] : [whole[1]];
  for (const [run] of content.matchAll(RUN)) {
    const password = urlPassword(run);
    if (password !== undefined) passwords.push(run.slice(...password));
  }
  for (const password of passwords) {
    rememberSecret(password);
    try {
      rememberSecret(decodeURIComponent(password));
    } catch {
      // Not percent-encoded: the form as written is all there is.
    }
  }
}

/** What a URL cannot extend over: white space and quotes end it. */
const RUN = /[^\s"']+/g;
const URL_USER = /(?<![a-z0-9+.-])[a-z0-9+.-]+:\/\/[^:@/?#]*:/gi;

/**
 * Where the password of a URL is in a text without spaces and quotes. GStreamer takes all before the last @ for user and
 * password, a slash too; so does this.
 */
function urlPassword(run: string): [start: number, end: number] | undefined {
  const end = run.lastIndexOf("@");
  if (end === -1) return undefined;
  for (const { 0: lead, index } of run.matchAll(URL_USER)) {
    const start = index + lead.length;
    if (start >= end) return undefined;
    return [start, end];
  }
}

// A name without a password in front of a camera's or server's host may be a key.
const LONE_USER = /((?:https?|rtsp[stu]?):\/\/)[^\s"'@/:]+@/gi;
// Cameras take passwords under short names too: /snapshot.cgi?u=admin&p=…
const QUERY = /([?&](?:key|auth|sig|signature|p|psw|passkey|pass_?word)=)[^\s"'&]+/gi;
// A header, as in `Authorization: Basic …`, or in a GStreamer structure, `Authorization=(string)"Basic …"`.
const HEADER =
  /((?:authorization|cookies?|x-api-key)\\?["']?\s*[:=]\s*(?:\(string\)\s*)?\\?["']?(?:(?:basic|bearer|digest|token)[\s\\]+)?)[^\s"'&;!,\\]+/gi;
const PARAMETER = new RegExp(
  `(?<![\\w-])(${SECRET_NAME})(\\s*=\\s*)("(?:\\\\.|[^"\\\\])*"|'[^']*'|[^\\s"'&;!]+)`,
  "gi",
);

/**
 * The text with every secret replaced by `***`: passwords inside URLs, parameters such as `user-pw=` and `token=`,
 * `Authorization` headers, and all that {@linkcode rememberSecret} was given. Logs, `check` and `state` show nothing else.
 */
export function maskSecrets(text: string): string {
  let masked = text.replace(RUN, (run) => {
    const password = urlPassword(run);
    return password === undefined
      ? run
      : `${run.slice(0, password[0])}${MASK}${run.slice(password[1])}`;
  })
    .replace(LONE_USER, `$1${MASK}@`)
    .replace(QUERY, `$1${MASK}`)
    .replace(HEADER, `$1${MASK}`)
    .replace(
      PARAMETER,
      (whole, name: string, equals: string) =>
        soundsSecret(name) ? `${name}${equals}${MASK}` : whole,
    );
  for (const form of known.values()) masked = masked.replaceAll(form, MASK);
  return masked;
}

// A password that is a plain word ("password", "admin") is masked only as a whole word, or text would be unreadable.
function pattern(secret: string): RegExp {
  const exact = RegExp.escape(secret);
  return new RegExp(/^[a-z]+$/i.test(secret) ? `(?<!\\w)${exact}(?!\\w)` : exact, "g");
}
