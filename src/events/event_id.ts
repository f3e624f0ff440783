import { stampFromNs } from "./stamp.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARACTERS = 6;
// Larger bytes would make the first characters of the alphabet more likely than the last.
const FAIR_BYTES = 256 - 256 % ALPHABET.length;

function randomCharacters(count: number): string {
  let text = "";
  while (text.length < count) {
    for (const byte of crypto.getRandomValues(new Uint8Array(count))) {
      if (byte < FAIR_BYTES && text.length < count) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

/**
 * A new event's id: its onset in epoch seconds, truncated to milliseconds, then 6 random characters.
 *
 * @param onsetNs Capture time of the onset, epoch nanoseconds, not before 1970.
 * @throws {RangeError} when the onset is before the epoch.
 */
export function eventId(onsetNs: bigint): string {
  if (onsetNs < 0n) {
    throw new RangeError(`Cannot name an event: onset must not be before 1970, got ${onsetNs} ns`);
  }
  const { sec, nanosec } = stampFromNs(onsetNs);
  const milliseconds = String(Math.trunc(nanosec / 1e6)).padStart(3, "0");
  return `${sec}.${milliseconds}-${randomCharacters(RANDOM_CHARACTERS)}`;
}
