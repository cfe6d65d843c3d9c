/** A pair of coins on one venue, under the venue's own symbol. */
import { type Option, Schema } from "effect"
import { CoinSymbol } from "../coin/Coin.ts"

export const Instrument = Schema.Struct({
  /** A `SourceId`, or any other name in replayed files. */
  venue: Schema.NonEmptyString,
  /** As the venue writes it: `USDCUSDT`, `USDC-USD`, `USDC/USD`. */
  symbol: Schema.NonEmptyString,
  base: CoinSymbol,
  quote: CoinSymbol
})
export type Instrument = typeof Instrument.Type

/** `kraken:USDC/USD`, unique over venues. */
export const instrumentKey = (instrument: Instrument): string => `${instrument.venue}:${instrument.symbol}`

const Listed = Schema.fromJsonString(Instrument)

/** The payload of a `FrameSource.listed` frame. */
export const listedPayload = (instrument: Instrument): Uint8Array => new TextEncoder().encode(Schema.encodeSync(Listed)(instrument))

/** Decodes a `listedPayload`; none when it is malformed. The bytes may be in shared memory. */
export const decodeListed = (payload: Uint8Array): Option.Option<Instrument> =>
  Schema.decodeUnknownOption(Listed)(new TextDecoder().decode(payload.slice()))
