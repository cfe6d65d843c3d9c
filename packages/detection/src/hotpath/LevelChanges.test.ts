import { assert, describe, it } from "@effect/vitest"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { changeKinds, riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { riskThresholds } from "../risk/RiskMachine.ts"
import { readLevelChange } from "./LevelChanges.ts"
import { crossingVenue, signalBytes, signalFields, signalIntegers, signalOffsets } from "./SignalRecord.ts"

const coins = knownCoins.slice(0, 3)

/** Reads a record with these numbers at its places; what is left out is zero, or NaN where a detector saw nothing. */
const read = (
  fields: Partial<Record<keyof typeof signalFields, number>>,
  integers: Partial<Record<keyof typeof signalIntegers, number>> = {}
) => {
  const bytes = new ArrayBuffer(2 * signalBytes)
  const [float64, int32] = [new Float64Array(bytes), new Int32Array(bytes)]
  // The second of two records: a reader that forgets the offset finds the first one's zeros.
  const offset = signalBytes
  const all = { flow: Number.NaN, surge: Number.NaN, ...fields }
  for (const [name, value] of Object.entries(all)) float64[(offset >> 3) + signalFields[name as keyof typeof signalFields]] = value
  for (const [name, value] of Object.entries(integers)) int32[(offset >> 2) + signalIntegers[name as keyof typeof signalIntegers]] = value
  return readLevelChange(float64, int32, offset, coins, ["kraken", "binance"])
}

describe("readLevelChange", () => {
  it("names coin, levels, kind and venues by their numbers", () => {
    const change = read(
      { time: 1000, fairValue: 0.99, errorBps: 2, deviationBps: -100, agree: 0b10, differ: 0b01, grounded: 1 },
      { coin: 1, level: riskLevels.indexOf("critical"), previous: riskLevels.indexOf("watch"), change: changeKinds.indexOf("break") }
    )
    assert.deepInclude(change, {
      time: 1000,
      coin: coins[1]!.symbol,
      level: "critical",
      previous: "watch",
      kind: "break",
      deviationBps: -100
    })
    assert.deepStrictEqual(change.venues, { agree: ["binance"], differ: ["kraken"], own: [] })
    assert.isTrue(change.evidence.grounded)
  })

  it("names a crossing by its bridge, with the pairs that make it, among those that agree or differ", () => {
    const bytes = new ArrayBuffer(signalBytes)
    const [float64, int32] = [new Float64Array(bytes), new Int32Array(bytes)]
    const critical = riskLevels.indexOf("critical")
    int32[signalOffsets.venueCount >> 2] = 3
    for (const [place, packed] of [1, (crossingVenue + 1) | (critical << 8) | (1 << 16), crossingVenue].entries())
      int32[(signalOffsets.venues >> 2) + place] = packed
    const { venues } = readLevelChange(float64, int32, 0, coins, ["kraken", "binance"], ["BTC", "ETH"])
    const { symbol } = coins[0]!
    assert.deepStrictEqual(venues, {
      agree: ["BTC crossing"],
      differ: ["ETH crossing"],
      own: [
        { venue: "binance", deviationBps: 0, level: "normal" },
        { venue: "ETH crossing", deviationBps: 0, level: "critical", pairs: ["ETH/USD", `ETH/${symbol}`] },
        { venue: "BTC crossing", deviationBps: 0, level: "normal", pairs: ["BTC/USD", `BTC/${symbol}`] }
      ]
    })
  })

  it("has no flow, carrier or model where there is none, and a baseline of null while it is not known", () => {
    const { evidence } = read({ baselineBps: Number.NaN })
    assert.deepInclude(evidence, { flow: null, carrier: null, model: null, baselineBps: null, beyond: null })
  })

  it("tells the coin that fell earlier, and the flow that was seen", () => {
    const { evidence } = read({ flow: -9, surge: 12 }, { reason: 3 })
    assert.strictEqual(evidence.carrier, coins[2]!.symbol)
    assert.deepStrictEqual(evidence.flow, { score: -9, surge: 12 })
  })

  it("counts bars beyond the break's distance before those beyond the stress's", () => {
    const { breakBps, stressBps } = riskThresholds
    assert.deepStrictEqual(read({ breakBars: 2, stressBars: 5 }).evidence.beyond, { bars: 2, bps: breakBps })
    assert.deepStrictEqual(read({ stressBars: 5 }).evidence.beyond, { bars: 5, bps: stressBps })
  })

  it("leaves out the horizons that a model does not speak of", () => {
    const { model } = read({ modelVersion: 3, probabilities: 0.25 }).evidence
    assert.strictEqual(model?.version, 3)
    assert.deepStrictEqual(model?.horizons[0], { minutes: 5, probability: 0.25 })
    const fields = { modelVersion: 3, probabilities: Number.NaN }
    assert.isFalse(read(fields).evidence.model?.horizons.some(({ minutes }) => minutes === 5))
  })

  it("orders drivers by their strength, with shares that sum to one, and none that saw nothing", () => {
    const { drivers } = read({ deviationBps: -500, score: 1, cusum: 0, changepoint: Number.NaN }).evidence
    assert.strictEqual(drivers[0]?.name, "deviation_bps")
    assert.notInclude(
      drivers.map(({ name }) => name),
      "changepoint"
    )
    assert.closeTo(
      drivers.reduce((sum, { share }) => sum + share, 0),
      1,
      1e-3
    )
  })
})
