/** The file name of a segment: the pipeline's name, and the time when the segment begins in UTC. */
export function segmentName(pipeline: string, epochSeconds: number, extension: string): string {
  const time = new Date(epochSeconds * 1000).toISOString().replace(/[-:]|\.\d+/g, "");
  return `${pipeline}-${time}.${extension}`;
}
