/** One thing that `doctor` looked at. */
export interface Finding {
  /** Heading it stands under. */
  readonly area: string;
  readonly name: string;
  /** `none`: there is nothing of the kind here, and nothing asked for it. */
  readonly status: "ok" | "missing" | "none";
  /** Whether what is to run cannot do without it. */
  readonly needed: boolean;
  /** What was found, or what to do. */
  readonly detail: string;
}
