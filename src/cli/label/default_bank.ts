/** The bank that is used where none is given. */
export const DEFAULT_BANK = "things.json";

/** The bank that was given, or the default one if there is such a file. */
export async function findBank(bank: string | undefined): Promise<string | undefined> {
  if (bank !== undefined) return bank;
  try {
    await Deno.stat(DEFAULT_BANK);
    return DEFAULT_BANK;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
