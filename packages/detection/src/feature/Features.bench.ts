/** Features kept up to date with each tick against the same features taken anew from their windows. */
import { type Bench, type BenchResult, interleave, quantile, ratioRow } from "@evenkeel/runtime/bench/Bench"
import { featureCount, FeatureInput, Features, longWindow } from "./Features.ts"
import { ReferenceFeatures } from "./ReferenceFeatures.ts"

const ticks = 4096

const features = async (): Promise<ReadonlyArray<BenchResult>> => {
  const rows = new Float64Array(ticks * 8)
  let seed = 5
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
  for (let tick = 0, price = 1; tick < ticks; tick++) {
    price = 1 + (price - 1) * 0.99 + (random() - 0.5) * 1e-3
    rows.set(
      [price - 1e-4, 1 + random() * 9, price + 1e-4, 1 + random() * 9, price, random() * 3, random() < 0.5 ? 1 : -1, tick * 100],
      tick * 8
    )
  }
  const incremental = new Features(16)
  const reference = new ReferenceFeatures(longWindow)
  const input = new FeatureInput()
  let at = 0
  const next = () => {
    const from = (at++ & (ticks - 1)) * 8
    for (let i = 0; i < 8; i++) input.values[i] = rows[from + i]!
  }
  const [anew, kept] = await interleave(
    [
      {
        count: 300,
        run: (count) => {
          for (let n = 0; n < count; n++) {
            next()
            reference.update(input)
          }
        }
      },
      {
        count: 300_000,
        run: (count) => {
          for (let n = 0; n < count; n++) {
            next()
            incremental.update(n & 15, input)
          }
        }
      }
    ],
    21
  )
  const nanos = quantile(kept!, 0.5)
  return [
    ratioRow(`features: ${featureCount} a tick, against recomputing windows`, 100, anew!, kept!, "ns a tick"),
    {
      name: `features: ${featureCount} a tick`,
      bar: "≤ 0.15 µs",
      measured: `${(nanos / 1000).toFixed(3)} µs`,
      met: nanos <= 150,
      figures: { nanos }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [{ name: "features", run: features }]
