import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";

/** A token that cannot be guessed. */
export function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString("base64url");
}

/** Compares tokens in a time that does not depend on where they differ. */
export function sameToken(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
