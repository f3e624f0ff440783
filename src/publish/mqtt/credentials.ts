import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import type { MqttConfig } from "./mqtt_schema.ts";
import { rememberSecret } from "../../core/secrets.ts";

/** How a client proves who it is: names of files, never their contents. */
export type CredentialFiles = Pick<
  MqttConfig,
  "username" | "password_file" | "ca" | "cert" | "key"
>;

/** What the files hold. Never to be logged. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

const FILE_KEYS = ["password_file", "ca", "cert", "key"] as const;

/** The same credentials with the files' paths made absolute against a folder. */
export function locateCredentials(files: CredentialFiles, folder: string): CredentialFiles {
  const located: CredentialFiles = { username: files.username };
  for (const key of FILE_KEYS) {
    const path = files[key];
    if (path !== undefined) located[key] = isAbsolute(path) ? path : resolve(folder, path);
  }
  return located;
}

async function readKeyFile(name: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Error(`${name} must be a readable file, got ${path} (${code})`);
  }
}

/**
 * Reads the files anew, so that a renewed certificate or password counts from the next connection on.
 *
 * @throws {Error} naming the key and the path, never the contents.
 */
export async function readCredentials(files: CredentialFiles): Promise<Credentials> {
  const read = (name: (typeof FILE_KEYS)[number]) =>
    files[name] === undefined ? undefined : readKeyFile(name, files[name]);
  const [secret, ca, cert, key] = await Promise.all(FILE_KEYS.map(read));
  const password = secret && new TextDecoder().decode(secret).split(/\r?\n/, 1)[0];
  if (password !== undefined) rememberSecret(password);
  return {
    username: files.username,
    password,
    ca,
    cert,
    key,
  };
}
