/** How chunks are compressed. */
export const COMPRESSIONS = ["zstd", "none"] as const;
/** One of them. */
export type Compression = typeof COMPRESSIONS[number];
