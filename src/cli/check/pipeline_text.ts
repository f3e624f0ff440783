import { Document, visit } from "yaml";
import { type PipelineConfig, pipelineSchema } from "../../pipeline/schema.ts";

/** A checked pipeline as YAML with every default filled in; lists on one line, as in the pipelines that users copy. */
export function pipelineText(config: PipelineConfig): string {
  const document = new Document(pipelineSchema.encode(config));
  visit(document, { Seq: (_, list) => void (list.flow = true) });
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 });
}
