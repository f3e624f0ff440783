import type { Reach } from "../core/reach.ts";
import { maskSecrets } from "../core/secrets.ts";
import { CaptureError } from "./capture_error.ts";
import type { Endless, LaunchRequest, Probe, SourceDescriptor, SourceKey } from "./source.ts";
import { SOURCES } from "./sources.ts";

/** A checked value of a source key, with its descriptor. */
export interface SourceAddress {
  readonly descriptor: SourceDescriptor;
  /** Equal for equal addresses of the same descriptor. */
  readonly identity: string;
  readonly endless: Endless;
  readonly laterElements: readonly string[];
  /** Error message if it does not exist on this machine. */
  absent(): string | undefined;
  /** What it uses from JavaScript. */
  reach(): Reach;
  launch(request: LaunchRequest): string;
  probe(): Promise<Probe>;
}

/** The forms that a key accepts: "a file path, file:, rtsp:, http: or https:". */
export function usageOf(key: SourceKey, sources: readonly SourceDescriptor[] = SOURCES): string {
  const usages = sources.flatMap(({ forms }) => forms[key]?.usage ?? []);
  if (usages.length < 2) return usages.join();
  return `${usages.slice(0, -1).join(", ")} or ${usages.at(-1)}`;
}

/** The syntax error in a key's value, "must be …"; undefined if there is none. */
export function addressFault(
  text: string,
  key: SourceKey,
  sources: readonly SourceDescriptor[] = SOURCES,
): string | undefined {
  const found = find(text, key, sources);
  return typeof found === "string" ? found : undefined;
}

/**
 * Reads the value of a source key; relative paths start at `folder`.
 *
 * @throws {CaptureError} with the key's path if the value is no valid source for that key.
 */
export function readAddress(
  text: string,
  key: SourceKey,
  folder: string,
  sources: readonly SourceDescriptor[] = SOURCES,
): SourceAddress {
  const found = find(text, key, sources);
  if (typeof found === "string") {
    throw new CaptureError(
      `Cannot use source.${key}: it ${found}, got ${maskSecrets(text)}`,
      ["source", key],
    );
  }
  const { descriptor } = found;
  const address = descriptor.locate?.(found.address, folder) ?? found.address;
  return {
    descriptor,
    identity: JSON.stringify([sources.indexOf(descriptor), address]),
    endless: descriptor.endless(address),
    laterElements: descriptor.laterElements?.(address) ?? [],
    reach: () => descriptor.reach?.(address) ?? {},
    absent: () => descriptor.absent?.(address),
    launch: (request) => descriptor.launch(address, request),
    probe: () => descriptor.probe(address),
  };
}

function find(
  text: string,
  key: SourceKey,
  sources: readonly SourceDescriptor[],
): string | { readonly descriptor: SourceDescriptor; readonly address: unknown } {
  const serving = sources.filter(({ forms }) => forms[key] !== undefined);
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1].toLowerCase() ?? "";
  // A source without schemes takes any text under its keys.
  const descriptor = serving.find(({ schemes }) => schemes.length === 0) ??
    serving.find(({ schemes }) => schemes.includes(scheme));
  if (descriptor === undefined) return `must be ${usageOf(key, sources)}`;
  const { success, data, error } = descriptor.forms[key]!.address.safeParse(text);
  return success ? { descriptor, address: data } : error.issues[0].message;
}
