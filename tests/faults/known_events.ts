const FIRST_S = 1763812801;

/** The id of a known event. */
export const knownId = (event: number) => `${FIRST_S + event}.000-known0`;

/** The number of a known event. */
export const knownNumber = (id: string) => Number(id.split(".")[0]) - FIRST_S;
