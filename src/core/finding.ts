/** One thing that `doctor` examined. */
export interface Finding {
  /** Heading of its group. */
  readonly area: string;
  readonly name: string;
  /** `none`: there is nothing of the kind on this machine, and nothing needs it. */
  readonly status: "ok" | "missing" | "none";
  /** Whether the pipeline cannot run without it. */
  readonly needed: boolean;
  /** What was found, or what to do. */
  readonly detail: string;
}
