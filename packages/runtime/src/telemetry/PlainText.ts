/**
 * Text from outside as a terminal may show it: what would move the cursor, change colours, begin a line or turn the direction of writing is escaped as JSON
 * escapes it, so that JSON stays the same JSON.
 */

/** Control characters of both sets, line and paragraph separators, and marks that turn the direction of writing. */
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** On one line. */
export const plainText = (text: string): string => text.replace(unsafe, escape)

/** Its own lines and tabs are kept: for text that is the program's as a whole and has outside text in it. */
export const plainLines = (text: string): string =>
  text.replace(unsafe, (character) => (character === "\n" || character === "\t" ? character : escape(character)))
