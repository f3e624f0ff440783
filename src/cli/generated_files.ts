import { configReference } from "../config/reference.ts";
import { withGenerated } from "../config/generated_part.ts";
import { foxgloveLayout } from "../foxglove/layout.ts";
import { pipelineSchema } from "../pipeline/schema.ts";
import { jsonSchemas } from "./json_schemas.ts";
import { pythonTypes } from "./python_types.ts";

/** The page that holds the reference of pipeline files between its hand-written parts. */
const REFERENCE_PAGE = "docs/configuration.md";
/** The layout for the pipeline `front`. */
const LAYOUT = "config/foxglove.layout.json";
/** The event's types for the Python client. */
const PYTHON_TYPES = "docs/examples/whence_event.py";

/**
 * The files that `whence schema` writes: path relative to `folder` → text.
 *
 * @param folder the project folder; the hand-written parts of its pages are kept.
 */
export async function generatedFiles(folder: string): Promise<Record<string, string>> {
  const texts = jsonSchemas();
  const schemas = Object.entries(texts).map(([name, text]) => [`config/${name}`, text]);
  const page = await textOf(`${folder}/${REFERENCE_PAGE}`);
  return {
    ...Object.fromEntries(schemas),
    [LAYOUT]: `${JSON.stringify(foxgloveLayout("front"), null, 2)}\n`,
    [PYTHON_TYPES]: pythonTypes(JSON.parse(texts["event.schema.json"]), "WhenceEvent"),
    [REFERENCE_PAGE]: withGenerated(page, configReference(pipelineSchema, 3)),
  };
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
