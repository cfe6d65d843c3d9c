/**
 * The slow path of every decoder: whole JSON with nothing lost.
 *
 * Numbers come out as the text that was sent, so ids past 2^53 stay exact and `0.5660` keeps the zero that a checksum
 * covers. Used for snapshots, acknowledgements, and for frames whose keys are not in the order that is usual.
 */
import { Result, Schema } from "effect"
import { isNumeral } from "./ByteScanner.ts"

/** A number's own text. */
export const Numeric = Schema.String.check(Schema.makeFilter(isNumeral, { expected: "a number of a size that markets know" }))

/** `[price, quantity]`, with whatever a venue adds behind. */
export const WireLevel = Schema.TupleWithRest(Schema.Tuple([Numeric, Numeric]), [Schema.Unknown])

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The value of `bytes[start, end)`; undefined when it is not UTF-8 or not JSON. */
export const parseExact = (bytes: Uint8Array, start: number, end: number): unknown =>
  Result.try(
    () =>
      JSON.parse(
        // Copied first: a decoder may not read memory that another thread owns.
        utf8.decode(bytes.slice(start, end)),
        (_key, value: unknown, context?: { readonly source?: string }) => (typeof value === "number" ? (context?.source ?? value) : value)
      ) as unknown
  ).pipe(Result.getOrUndefined)

/** Digits after the decimal point of a number's text. */
export const decimalsOf = (text: string): number => {
  const point = text.indexOf(".")
  return point < 0 ? 0 : text.length - point - 1
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
