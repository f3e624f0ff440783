import { PackageError } from "./run_tool.ts";

/** What differs between a checkout in /opt/whence and the package. */
const CHANGES: readonly [RegExp, string][] = [
  [/^Documentation=.*$/m, "Documentation=man:whence(1) file:///usr/share/doc/whence/README.md"],
  [/^WorkingDirectory=.*$/m, "WorkingDirectory=/var/lib/whence"],
  [/^(Environment=)DENO_DIR=\S+ /m, "$1"],
  [/^ExecStart=\S*deno run (?:--?\S+ )*src\/main\.ts /m, "ExecStart=/usr/bin/whence "],
];

/**
 * The package's systemd unit, from the one for a checkout.
 *
 * @throws {PackageError} when the unit no longer has a line that must be changed.
 */
export function serviceUnit(unit: string): string {
  return CHANGES.reduce((text, [pattern, replacement]) => {
    if (!pattern.test(text)) {
      throw new PackageError(`Cannot package: whence@.service must have a line like ${pattern}`);
    }
    return text.replace(pattern, replacement);
  }, unit);
}
