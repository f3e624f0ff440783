import type { LoadedPipeline } from "../../pipeline/load.ts";
import { type ViewConfig, viewSchema } from "../../viewer/view_schema.ts";

/** What the command line says about the live page. */
export interface ViewFlags {
  /** `--view`: an address, or true for the usual one. */
  readonly view?: string | true;
  readonly edit?: boolean;
}

/**
 * Where the page is served: as `--view` says, or the first pipeline file with a `view` block.
 *
 * @returns undefined if neither asks for a page.
 */
export function viewConfig(
  loaded: readonly LoadedPipeline[],
  { view }: ViewFlags,
): ViewConfig | undefined {
  const declared = loaded.map(({ config }) => config.view).find((block) => block !== undefined);
  if (view === undefined) return declared;
  const base = declared ?? viewSchema.parse({});
  return view === true ? base : { ...base, address: view };
}
