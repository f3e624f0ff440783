/** Reports how far a long task is: `done` of `total`, and what it is doing. */
export type Progress = (done: number, total: number, what: string) => void;
