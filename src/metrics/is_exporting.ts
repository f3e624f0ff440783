/** Whether Deno exports to OpenTelemetry, as its variable `OTEL_DENO` says. */
export function isExporting(
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): boolean {
  return ["true", "1"].includes(environment("OTEL_DENO")?.toLowerCase() ?? "");
}
