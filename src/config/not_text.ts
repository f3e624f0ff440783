/** What a file holds instead of text. */
export interface BinaryContent {
  readonly kind: "video" | "audio" | "image" | "other";
  /** For people, such as `a video (mkv)`. */
  readonly shown: string;
}

/** Bytes that are enough to recognize a format. */
const HEAD = 4_100;
const KINDS = { video: "a video", audio: "an audio file", image: "an image" } as const;

/** What the bytes are, if they are not UTF-8 text (YAML must be); `undefined` for text. */
export async function binaryContent(bytes: Uint8Array): Promise<BinaryContent | undefined> {
  if (isText(bytes)) return undefined;
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(bytes.subarray(0, HEAD)).catch(() => undefined);
  if (found === undefined) return { kind: "other", shown: "not UTF-8 text" };
  const [type] = found.mime.split("/");
  return type === "video" || type === "audio" || type === "image"
    ? { kind: type, shown: `${KINDS[type]} (${found.ext})` }
    : { kind: "other", shown: `a file of type ${found.ext}` };
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    // The last character may be cut off.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
