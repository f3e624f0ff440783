/** A value quoted for a launch text. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** The parts of a launch text between spaces; a quoted part stays whole. */
export function launchTokens(launch: string): string[] {
  return launch.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/gs) ?? [];
}

/** Names of the elements in a launch text, each once. */
export function launchElements(launch: string): string[] {
  const names = launchTokens(launch).filter((token) => /^[a-z][a-z0-9_-]*$/i.test(token));
  return [...new Set(names)];
}

/** A decimal rate as a fraction for caps, such as `25/2`. */
export function rateFraction(rate: number): string {
  const numerator = Math.round(rate * 1000);
  const divisor = greatestCommonDivisor(numerator, 1000);
  return `${numerator / divisor}/${1000 / divisor}`;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** A URL without its scheme and the two slashes after it. */
export function withoutScheme(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:(\/\/)?/i, "");
}
