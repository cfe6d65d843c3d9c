/** A configuration, or a part of it, as text: equal for those that do the same. Secrets count by their digest and cannot be read back. */
import { Redacted } from "effect"
import { createHash } from "node:crypto"

export const shaOf = (text: string): string => createHash("sha256").update(text).digest("hex")

export const configText = (value: unknown): string => JSON.stringify(revealed(value)) ?? ""

/** JSON itself would write the same word for every secret. */
const revealed = (value: unknown): unknown =>
  Redacted.isRedacted(value)
    ? shaOf(String(Redacted.value(value)))
    : Array.isArray(value)
      ? value.map(revealed)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]))
        : value
