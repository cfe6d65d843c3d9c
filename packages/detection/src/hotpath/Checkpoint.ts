/**
 * What the detectors have learned, as bytes: of each coin its detectors, level and features, of each instrument its order flow and last price.
 *
 * Books are no part of it: connectors build them anew. Coins go by symbol and instruments by venue and symbol, so that a checkpoint serves an engine
 * whose configuration has grown since. A hot path that takes one up goes on to the same bits as one that never stopped.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { type Instrument, instrumentKey } from "@evenkeel/domain/market/Instrument"
import { Result } from "effect"
import { deserialize, serialize } from "node:v8"
import { crc32 } from "node:zlib"
import { Flow } from "../detector/Flow.ts"
import { fits, loadFields, type Saved, saveFields } from "./Fields.ts"
import { type Market, time } from "./Market.ts"
import { instrumentState } from "./SignalRecord.ts"

const format = 4

interface SavedInstrument {
  readonly track: Saved
  readonly flow: Saved | undefined
  /** Of the fair value's source: last observation, its error and its time; undefined for an instrument that is none. */
  readonly observed: ReadonlyArray<number> | undefined
  /** Of a bridge's pair: what it said last. */
  readonly leg?: ReadonlyArray<number>
}

/** Of one bridge: how much it moves, and its crossings by coin. */
interface SavedBridge {
  readonly moves: ReadonlyArray<number>
  readonly crossings: Readonly<Record<string, { readonly track: Saved; readonly observed: ReadonlyArray<number> }>>
}

interface Checkpoint {
  readonly format: number
  readonly barMillis: number
  readonly times: Float64Array
  readonly moved: boolean
  /** Of the fair value: each coin's last solution, from which the next one begins. */
  readonly values: Readonly<Record<string, number>>
  readonly coins: Readonly<Record<string, Saved>>
  readonly instruments: Readonly<Record<string, SavedInstrument>>
  /** By name, and when crossings were made last; left out where there is no bridge. */
  readonly bridges?: { readonly refreshedAt: number; readonly named: Readonly<Record<string, SavedBridge>> }
}

interface Described {
  readonly barMillis: number
  readonly coins: ReadonlyArray<Coin>
  readonly instruments: ReadonlyArray<Instrument>
}

/** What a coin is, not what it learned; and what waits for room in a ring that is gone. */
const coinExcept = ["peg", "rateBearing", "sources", "previousPending"]
/** Books, and what belongs to a connection. */
const instrumentExcept = [
  "book",
  "delisted",
  "awaitsWhole",
  "base",
  "quote",
  "source",
  "venue",
  "leg",
  "bridge",
  "connection",
  "flow",
  "resyncAsked",
  "resyncPending",
  "resyncReason"
]

export const saveCheckpoint = (market: Market, { barMillis, coins, instruments }: Described): Uint8Array<ArrayBuffer> => {
  const checkpoint: Checkpoint = {
    format,
    barMillis,
    times: market.times.slice(),
    moved: market.moved,
    values: Object.fromEntries(coins.map(({ symbol }, index) => [symbol, market.value.valueBps[index]!])),
    coins: Object.fromEntries(coins.map(({ symbol }, index) => [symbol, saveFields(market.coins[index]!, coinExcept)])),
    instruments: Object.fromEntries(
      instruments.map((instrument, index) => {
        const track = market.instruments[index]!
        const saved: SavedInstrument = {
          track: saveFields(track, instrumentExcept),
          flow: track.flow === undefined ? undefined : saveFields(track.flow),
          observed: track.source < 0 ? undefined : market.value.save(track.source),
          ...(track.leg < 0 ? {} : { leg: market.bridges.save(track.leg) })
        }
        return [instrumentKey(instrument), saved]
      })
    ),
    ...(market.bridgeNames.length === 0 ? {} : { bridges: saveBridges(market, coins) })
  }
  const content = serialize(checkpoint)
  const bytes = new Uint8Array(sumBytes + content.length)
  new DataView(bytes.buffer).setUint32(0, crc32(content), true)
  bytes.set(content, sumBytes)
  return bytes
}

/** The crossings of one bridge, with the coins that they price. */
const crossingsOf = (market: Market, bridge: number, coins: ReadonlyArray<Coin>) =>
  market.bySource.flatMap((track) => (track.bridge === bridge ? [{ track, symbol: coins[track.base]!.symbol }] : []))

const saveBridges = (market: Market, coins: ReadonlyArray<Coin>): NonNullable<Checkpoint["bridges"]> => ({
  refreshedAt: market.bridges.refreshedAt,
  named: Object.fromEntries(
    market.bridgeNames.map((name, bridge) => {
      const crossings = crossingsOf(market, bridge, coins).map(
        ({ symbol, track }) => [symbol, { track: saveFields(track, instrumentExcept), observed: market.value.save(track.source) }] as const
      )
      return [name, { moves: market.bridges.saveBridge(bridge), crossings: Object.fromEntries(crossings) }]
    })
  )
})

/** What stands before the content: its CRC-32. */
const sumBytes = 4

/** What the bytes hold, or why they are no checkpoint. */
const read = (bytes: Uint8Array): Result.Result<Checkpoint, string> => {
  const content = bytes.subarray(sumBytes)
  if (bytes.length <= sumBytes || new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== crc32(content))
    return Result.fail("it is damaged, or of another version")
  const found = Result.try(() => deserialize(content) as Checkpoint)
  return Result.isSuccess(found) && found.success.format === format
    ? Result.succeed(found.success)
    : Result.fail("it is of another version")
}

/** The time of the last frame before a checkpoint was taken, Unix ms; undefined for bytes that are none. */
export const checkpointTime = (bytes: Uint8Array): number | undefined =>
  Result.match(read(bytes), {
    onFailure: () => undefined,
    onSuccess: ({ times }) => (Number.isFinite(times[time.now]) ? times[time.now] : undefined)
  })

/** Undefined when the checkpoint was taken up, else why it cannot be. */
export const loadCheckpoint = (market: Market, { barMillis, coins, instruments }: Described, bytes: Uint8Array): string | undefined => {
  const found = read(bytes)
  if (Result.isFailure(found)) return found.failure
  const checkpoint = found.success
  if (checkpoint.barMillis !== barMillis)
    return `it was taken with bars of ${checkpoint.barMillis / 1000} s, and bars are ${barMillis / 1000} s`
  const knownCoins = coins.flatMap(({ symbol }, index) => {
    const saved = checkpoint.coins[symbol]
    return saved === undefined ? [] : [{ track: market.coins[index]!, index, symbol, saved }]
  })
  const knownInstruments = instruments.flatMap((instrument, index) => {
    const saved = checkpoint.instruments[instrumentKey(instrument)]
    return saved === undefined ? [] : [{ track: market.instruments[index]!, saved }]
  })
  const knownBridges = market.bridgeNames.flatMap((name, bridge) => {
    const saved = checkpoint.bridges?.named[name]
    return saved === undefined ? [] : [{ bridge, saved }]
  })
  const knownCrossings = knownBridges.flatMap(({ bridge, saved }) =>
    crossingsOf(market, bridge, coins).flatMap(({ symbol, track }) => {
      const crossing = saved.crossings[symbol]
      return crossing === undefined ? [] : [{ track, saved: crossing }]
    })
  )
  const whole =
    knownCrossings.every(({ saved, track }) => fits(track, saved.track, instrumentExcept)) &&
    knownCoins.every(({ saved, track }) => fits(track, saved, coinExcept)) &&
    knownInstruments.every(
      ({ saved, track }) => fits(track, saved.track, instrumentExcept) && (saved.flow === undefined || fits(new Flow(), saved.flow))
    )
  if (!whole || checkpoint.times.length !== market.times.length) return "it was written by another version"

  market.times.set(checkpoint.times)
  // Venues are given as long as ever to bring a first price.
  market.times[time.firstTick] = Number.NaN
  market.moved = checkpoint.moved
  for (const { index, saved, symbol, track } of knownCoins) {
    loadFields(track, saved)
    market.value.valueBps[index] = checkpoint.values[symbol] ?? 0
  }
  for (const { saved, track } of knownInstruments) {
    loadFields(track, saved.track)
    if (saved.flow !== undefined) {
      track.flow = new Flow()
      loadFields(track.flow, saved.flow)
    }
    if (saved.observed !== undefined && track.source >= 0) market.value.load(track.source, saved.observed)
    if (saved.leg !== undefined && track.leg >= 0) market.bridges.load(track.leg, saved.leg)
    track.row[instrumentState.book] = 0
  }
  for (const { bridge, saved } of knownBridges) market.bridges.loadBridge(bridge, saved.moves)
  if (checkpoint.bridges !== undefined) market.bridges.refreshedAt = checkpoint.bridges.refreshedAt
  for (const { saved, track } of knownCrossings) {
    loadFields(track, saved.track)
    market.value.load(track.source, saved.observed)
  }
  market.value.resume(market.times[time.lastSolve]!)
  return undefined
}
