import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import type { MqttConfig } from "./mqtt_schema.ts";
import { fileFault } from "../../core/file_fault.ts";
import { CredentialFileError } from "./mqtt_fault.ts";
import { rememberSecret } from "../../core/secrets.ts";

/** How a client authenticates: names of files, never their contents. */
export type CredentialFiles = Pick<
  MqttConfig,
  "username" | "password_file" | "ca" | "cert" | "key"
>;

/** Contents of the files. Never to be logged. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

const FILE_KEYS = ["password_file", "ca", "cert", "key"] as const;

/** The same credentials with absolute paths; relative ones start at `folder`. */
export function locateCredentials(files: CredentialFiles, folder: string): CredentialFiles {
  const located: CredentialFiles = { username: files.username };
  for (const key of FILE_KEYS) {
    const path = files[key];
    if (path !== undefined) located[key] = isAbsolute(path) ? path : resolve(folder, path);
  }
  return located;
}

async function readKeyFile(name: string, path: string): Promise<Uint8Array> {
  const fault = await fileFault(path);
  if (fault !== undefined) {
    throw new CredentialFileError(`${name} must be a readable file, got ${path} (${fault})`);
  }
  return await readFile(path);
}

/**
 * Reads the files. Call it for each connection, so that a renewed certificate or password counts.
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
