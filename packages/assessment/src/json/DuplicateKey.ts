/**
 * Finds a key that an object of a JSON text has twice.
 *
 * `JSON.parse` takes the last of two and says nothing, other readers take the first: a leg of a position would be lost, and evidence would say two things.
 */

/** The first such key, as it is meant; undefined where there is none. The text must be valid JSON. */
export const duplicateKeyOf = (text: string): string | undefined => {
  /** The keys of each object that is open; undefined for a list. */
  const open: Array<Set<string> | undefined> = []
  let isKeyNext = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case brace:
        open.push(new Set())
        isKeyNext = true
        break
      case bracket:
        open.push(undefined)
        isKeyNext = false
        break
      case closingBrace:
      case closingBracket:
        open.pop()
        isKeyNext = false
        break
      case comma:
        isKeyNext = open.at(-1) !== undefined
        break
      case quote: {
        const end = endOfString(text, at)
        const keys = isKeyNext ? open.at(-1) : undefined
        if (keys !== undefined) {
          const key = keyOf(text.slice(at, end + 1))
          if (keys.has(key)) return key
          keys.add(key)
        }
        isKeyNext = false
        at = end
      }
    }
  }
  return undefined
}

const [brace, closingBrace, bracket, closingBracket, comma, quote, backslash] = Array.from('{}[],"\\', (one) => one.charCodeAt(0))

/** Where the string that begins at `start` has its closing quote. */
const endOfString = (text: string, start: number): number => {
  let at = start + 1
  for (; at < text.length && text.charCodeAt(at) !== quote; at++) if (text.charCodeAt(at) === backslash) at++
  return at
}

/** The same key may be written in several ways: `"a"` is `"\\u0061"`. */
const keyOf = (literal: string): string => (literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1))
