import GithubSlugger from "github-slugger";
import { marked, type Token, type Tokens } from "marked";
import { durationSchema } from "../../src/config/units.ts";

/** How a block is tested, from the comment before it. */
export type Mark =
  | { readonly kind: "run" }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "exit"; readonly code: number }
  /** Ends the block with SIGINT after so many seconds; it must then exit with 0. */
  | { readonly kind: "stop"; readonly seconds: number };

/** One fenced block. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** 1-based line of its first fence. */
  readonly line: number;
  readonly mark: Mark;
}

/** What a page of the documentation holds that can be tested. */
export interface Page {
  readonly blocks: readonly Block[];
  /** Targets of links and images, as written. */
  readonly links: readonly string[];
  /** Anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  /** Inline code. */
  readonly codes: readonly string[];
}

/** Takes a Markdown page apart. */
export function readPage(markdown: string): Page {
  const blocks: Block[] = [];
  const links: string[] = [];
  const codes: string[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  let line = 1;
  let mark: Mark = { kind: "run" };
  for (const token of marked.lexer(markdown)) {
    if (token.type === "code" && (token as Tokens.Code).codeBlockStyle !== "indented") {
      const { lang = "", text } = token as Tokens.Code;
      blocks.push({ language: lang, text, line, mark });
    }
    if (token.type === "heading") anchors.add(slugger.slug(plainText(token)));
    marked.walkTokens([token], (inner) => {
      if (inner.type === "link" || inner.type === "image") links.push(inner.href);
      if (inner.type === "codespan") codes.push(inner.text);
    });
    if (token.type !== "space") mark = token.type === "html" ? markIn(token.raw) : { kind: "run" };
    line += token.raw.split("\n").length - 1;
  }
  return { blocks, links, anchors, codes };
}

function plainText(token: Token): string {
  const inner = (token as { tokens?: Token[] }).tokens;
  return inner === undefined || inner.length === 0
    ? (token as { text?: string }).text ?? ""
    : inner.map(plainText).join("");
}

function markIn(html: string): Mark {
  const comment = /<!--\s*test:\s*(\S+)\s*(.*?)\s*-->\s*$/s.exec(html);
  if (comment === null) return { kind: "run" };
  const [, kind, value] = comment;
  switch (kind) {
    case "skip":
      if (value === "") throw new Error("a skipped block must have a reason");
      return { kind, reason: value };
    case "exit":
      return { kind, code: Number(value) };
    case "stop":
      return { kind, seconds: durationSchema.parse(value) };
    default:
      throw new Error(`a block's mark must be skip, exit or stop, got ${kind}`);
  }
}
