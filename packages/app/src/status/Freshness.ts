/** Why a coin has no fresh price, in words: of each of its sources, what is wrong with it. */
import type { CoinView } from "@evenkeel/api/contract/group/Coins"

/** Sources that are told of one coin; more are counted. */
const sourcesShown = 4

const age = (millis: number): string => (millis < 120_000 ? `${Math.round(millis / 1000)} s` : `${Math.round(millis / 60_000)} min`)

/** `away`: venues without an open connection. */
const problemOf = (
  { ageMillis, book, lastPrice, bid, ask, staleReason, symbol, venue }: CoinView["sources"][number],
  away: ReadonlyArray<string>
): string => {
  const name = `${venue} ${symbol}`
  if (away.includes(venue)) return `${name}: not connected`
  if (ageMillis === null) return `${name}: said nothing yet`
  if (book === "stale") return `${name}: its book is stale (${staleReason ?? "no reason is known"})`
  if (lastPrice === null && bid === null && ask === null) return `${name}: has no price`
  return `${name}: last heard ${age(ageMillis)} ago`
}

/** Undefined for a coin with a fresh price. */
export const staleReasonOf = ({ level, sources }: Pick<CoinView, "level" | "sources">, away: ReadonlyArray<string>): string | undefined => {
  if (level !== "stale") return undefined
  if (sources.length === 0) return "no source has a pair of it"
  const problems = sources.slice(0, sourcesShown).map((source) => problemOf(source, away))
  return `${problems.join("; ")}${sources.length > sourcesShown ? `; and ${sources.length - sourcesShown} more` : ""}`
}
