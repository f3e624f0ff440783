/** Files and addresses that a part of a pipeline uses from JavaScript. */
export interface Reach {
  /** Files and folders; a folder includes all that is in it. */
  readonly read?: readonly string[];
  /** As `read`; what is written may be read, too. */
  readonly write?: readonly string[];
  /** `HOST:PORT` to connect to or to listen on; a host alone means all its ports. */
  readonly net?: readonly string[];
}

/** All that the parts use, each once. */
export function joinedReach(parts: readonly Reach[]): Required<Reach> {
  const all = (key: keyof Reach) =>
    [...new Set(parts.flatMap((part) => part[key] ?? []))].toSorted();
  return { read: all("read"), write: all("write"), net: all("net") };
}
