/** A tool of the build is missing or failed; one line for the user. */
export class PackageError extends Error {
  override name = "PackageError";
}

/**
 * Runs a program and returns its stdout.
 *
 * @throws {PackageError} when it is not installed or its exit code is not 0.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      ...options,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    if (code === 0) return decoder.decode(stdout);
    const lines = decoder.decode(stderr).trim().split("\n").slice(-8).join("\n");
    throw new PackageError(`Cannot package: ${command} failed with exit code ${code}: ${lines}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new PackageError(`Cannot package: ${command} must be installed`);
  }
}
