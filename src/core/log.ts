/** Takes one line for people; called once per change of state, never with a secret in it. */
export type Log = (level: "info" | "warning", line: string) => void;
