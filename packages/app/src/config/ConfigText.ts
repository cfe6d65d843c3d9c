/** A configuration, or a part of it, as text: equal for those that do the same. Secrets count by their digest and cannot be read back. */
import { Redacted } from "effect"
import { createHash } from "node:crypto"

export const shaOf = (text: string): string => createHash("sha256").update(text).digest("hex")

export const configText = (value: unknown): string => JSON.stringify(revealed(value)) ?? ""

/** More of a setting is not written down. */
const shownMax = 300

/** A setting as it may be shown and kept: every secret is the same word. */
export const shownText = (value: unknown): string => {
  const text = JSON.stringify(value, (_, inner: unknown) => (Redacted.isRedacted(inner) ? "<redacted>" : inner)) ?? ""
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}

/** JSON itself would write the same word for every secret. */
const revealed = (value: unknown): unknown =>
  Redacted.isRedacted(value)
    ? shaOf(String(Redacted.value(value)))
    : Array.isArray(value)
      ? value.map(revealed)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]))
        : value
