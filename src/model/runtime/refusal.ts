/** An execution provider that is not used, with the reason in one line. */
export interface Refusal {
  readonly provider: string;
  readonly reason: string;
}
