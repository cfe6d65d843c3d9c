/**
 * Text from outside, made plain: one line, no markup, no invisible characters, of a bounded length.
 *
 * This is for reading and comparing it. Whoever shows it escapes it all the same.
 */

/** Of a field as it comes; the rest is not looked at. */
export const rawMax = 4000
/** Of a headline. */
export const titleMax = 300
const tag = /<[/!]?[a-z][^<>]{0,1000}>/gi
const reference = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp|ndash|mdash|lsquo|rsquo|ldquo|rdquo|hellip));/gi
const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  hellip: "…"
}

const characterOf = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : "")

/** Titles often hold HTML, and its references are then escaped twice. */
const withoutMarkup = (text: string): string =>
  text
    .replace(tag, " ")
    .replace(reference, (_, decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined) =>
      name !== undefined
        ? (named[name.toLowerCase()] ?? "")
        : characterOf(decimal !== undefined ? Number(decimal) : Number.parseInt(hexadecimal!, 16))
    )

export const cleanText = (text: string, charactersMax = titleMax): string => {
  const clean = withoutMarkup(text.slice(0, rawMax))
    .normalize("NFKC")
    // One character may become eighteen.
    .slice(0, rawMax)
    // Marks that nobody sees would part a name in two, or turn the direction of what follows.
    .replace(/\p{Cf}/gu, "")
    .replace(/[\s\p{C}\p{Z}]+/gu, " ")
    .trim()
  return (clean.length > charactersMax ? `${clean.slice(0, charactersMax - 1)}…` : clean).toWellFormed()
}
