/** A short name for what is alike. */

/**
 * The 64-bit FNV-1a hash of `parts`, as 16 hex digits. The same parts give the same fingerprint.
 * Source: datatracker.ietf.org/doc/draft-eastlake-fnv.
 */
export const fingerprintOf = (...parts: ReadonlyArray<string>): string => {
  let value = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(parts.join("\u0000"))) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  }
  return value.toString(16).padStart(16, "0")
}
