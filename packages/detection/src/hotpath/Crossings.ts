/**
 * Prices coins by bridges: what BTC costs in a currency over what it costs in a coin is what the coin is worth. Each bridge and coin make a source of the fair value,
 * the crossing, which says so as often as once a second and before a bar is judged.
 *
 * A crossing must not make one venue's failure look like a coin's break. Each leg is what several venues say together (`Voices`). A leg of one venue has nobody
 * beside it, so the crossing counts with the distance to what else is known as an error of its own:
 *
 * - one venue prices the bridge in the currency: the crossing of some coin is near its peg, or agrees with another source of the coin;
 * - one venue prices the bridge in the coin: the crossing is near the peg, or agrees with another source of the coin, as the pair of two coins does with what the
 *   bridge costs in both.
 *
 * Other coins are taken at their pegs there and not at their values, which follow crossings themselves. Where nothing else is known the crossing is believed, as a
 * lone venue is.
 */
import { Peg } from "@evenkeel/domain/coin/Coin"
import { legAgeMaxMillis } from "../value/Bridges.ts"
import { Voices } from "../value/Voices.ts"
import { type Market, venuesMax } from "./Market.ts"

const refreshMillis = 1000
const minute = 60_000
/** A crossing that is known no better says nothing. */
const errorBpsMax = 50
/** One that is known so well is reason enough to judge the coin at the bar's close. */
const newsErrorBps = 25

export class Crossings {
  readonly #market: Market
  readonly #voices = new Voices(venuesMax)
  readonly #bridges: number
  /** The currency's node, by coin. */
  readonly #currency: ReadonlyArray<number>
  /** Of the bridge in hand, by node: log price of the bridge (NaN: unknown), its error, time and venues. */
  readonly #legBps: Float64Array
  readonly #legError: Float64Array
  readonly #legTime: Float64Array
  readonly #legVenues: Int32Array
  /** Distance of the nearest confirmation of a currency's leg, by node. */
  readonly #doubt: Float64Array
  /** Of the crossing of each bridge and coin: its error, infinite where there is none. */
  readonly #error: Float64Array
  readonly #bps: Float64Array
  readonly #time: Float64Array

  constructor(market: Market) {
    const coins = market.coins.length
    const nodes = coins + Peg.literals.length
    this.#market = market
    this.#bridges = market.bridgeNames.length
    this.#currency = market.coins.map(({ peg }) => coins + Peg.literals.indexOf(peg))
    this.#legBps = new Float64Array(nodes)
    this.#legError = new Float64Array(nodes)
    this.#legTime = new Float64Array(nodes)
    this.#legVenues = new Int32Array(nodes)
    this.#doubt = new Float64Array(nodes)
    this.#error = new Float64Array(this.#bridges * coins)
    this.#bps = new Float64Array(this.#bridges * coins)
    this.#time = new Float64Array(this.#bridges * coins)
  }

  /** Brings crossings up to date as of `now` (Unix ms), unless that was done within a second and no bar is to be judged. */
  refresh(now: number, judging: boolean): void {
    const { bridges, coins } = this.#market
    if (this.#bridges === 0 || (!judging && now - bridges.refreshedAt < refreshMillis)) return
    bridges.refreshedAt = now
    bridges.sample(now)
    for (let bridge = 0; bridge < this.#bridges; bridge++) this.#cross(bridge, now)
    for (let coin = 0; coin < coins.length; coin++) this.#say(coin)
  }

  /** Finds what the bridge says of each coin. */
  #cross(bridge: number, now: number): void {
    const { coins } = this.#market
    this.#weighLegs(bridge, now)
    const first = bridge * coins.length
    let crossed = 0
    for (let coin = 0; coin < coins.length; coin++) {
      const currency = this.#currency[coin]!
      this.#bps[first + coin] = this.#legBps[currency]! - this.#legBps[coin]!
      this.#time[first + coin] = Math.min(this.#legTime[currency]!, this.#legTime[coin]!)
      if (!Number.isNaN(this.#bps[first + coin]!)) crossed++
    }
    this.#doubt.fill(Number.POSITIVE_INFINITY)
    for (let coin = 0; coin < coins.length; coin++) {
      const bps = this.#bps[first + coin]!
      if (Number.isNaN(bps)) continue
      const other = this.#nearestOther(coin, bps, now, -1)
      const alone = other === Number.POSITIVE_INFINITY && crossed === 1
      const currency = this.#currency[coin]!
      this.#doubt[currency] = Math.min(this.#doubt[currency]!, alone ? 0 : Math.min(Math.abs(bps), other))
    }
    for (let coin = 0; coin < coins.length; coin++) this.#error[first + coin] = this.#errorOf(coin, first, now)
  }

  #errorOf(coin: number, first: number, now: number): number {
    const bps = this.#bps[first + coin]!
    if (Number.isNaN(bps)) return Number.POSITIVE_INFINITY
    const currency = this.#currency[coin]!
    let doubt = this.#legVenues[currency] === 1 ? this.#doubt[currency]! : 0
    if (this.#legVenues[coin] === 1) {
      const other = this.#nearestOther(coin, bps, now, first)
      if (other < Number.POSITIVE_INFINITY) doubt = Math.max(doubt, Math.min(Math.abs(bps), other))
    }
    return Math.sqrt(this.#legError[currency]! ** 2 + this.#legError[coin]! ** 2 + doubt * doubt)
  }

  /**
   * How far the coin's nearest other source is from `bps`; infinite where there is none. What the coin is traded against is taken at its peg, and where `first`
   * says which crossings are in hand at its crossing as well.
   */
  #nearestOther(coin: number, bps: number, now: number, first: number): number {
    const { bySource, coins, value } = this.#market
    let nearest = Number.POSITIVE_INFINITY
    for (const source of coins[coin]!.sources) {
      const { base, bridge, quote } = bySource[source]!
      if (bridge >= 0 || now - value.timeOf(source) > legAgeMaxMillis) continue
      const said = base === coin ? value.observedBps(source) : -value.observedBps(source)
      nearest = Math.min(nearest, Math.abs(bps - said))
      const other = base === coin ? quote : base
      const crossing = first < 0 || other < 0 ? Number.NaN : this.#bps[first + other]!
      if (!Number.isNaN(crossing)) nearest = Math.min(nearest, Math.abs(bps - said - crossing))
    }
    return nearest
  }

  /** What the venues say together of each of the bridge's pairs. */
  #weighLegs(bridge: number, now: number): void {
    const { bridges } = this.#market
    const voices = this.#voices
    const variance = bridges.volatilityBps(bridge) ** 2 / minute
    let newest = Number.NEGATIVE_INFINITY
    for (let leg = 0; leg < bridges.time.length; leg++) if (bridges.speaks(leg, bridge, now)) newest = Math.max(newest, bridges.time[leg]!)
    for (let node = 0; node < this.#legBps.length; node++) {
      voices.begin()
      for (let leg = 0; leg < bridges.time.length; leg++) {
        if (bridges.node[leg] !== node || !bridges.speaks(leg, bridge, now)) continue
        const time = bridges.time[leg]!
        // The bridge may have moved since.
        const error = Math.sqrt(bridges.errorBps[leg]! ** 2 + variance * (newest - time))
        voices.add(bridges.venue[leg]!, bridges.bps[leg]!, error, time)
      }
      const spoken = voices.weigh()
      this.#legBps[node] = spoken ? voices.bps : Number.NaN
      this.#legError[node] = voices.errorBps
      this.#legTime[node] = voices.time
      this.#legVenues[node] = voices.venues
    }
  }

  /** Hands the coin's crossings to the fair value. Bridges share venues: all of them weigh together as much as one. */
  #say(coin: number): void {
    const { bySource, coins, value } = this.#market
    let live = 0
    for (let at = coin; at < this.#error.length; at += coins.length) if (this.#error[at]! <= errorBpsMax) live++
    for (const source of coins[coin]!.sources) {
      const track = bySource[source]!
      if (track.bridge < 0) continue
      const at = track.bridge * coins.length + coin
      const error = this.#error[at]! * Math.sqrt(Math.max(1, live))
      if (!(error <= errorBpsMax)) {
        value.withdraw(source)
        continue
      }
      const time = this.#time[at]!
      if (time > value.timeOf(source)) {
        track.traded = true
        if (error <= newsErrorBps) coins[coin]!.fresh = true
      }
      value.observe(source, Math.exp(this.#bps[at]! / 1e4), error, time)
    }
  }
}
