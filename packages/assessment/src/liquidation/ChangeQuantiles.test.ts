import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterMinutes, madePrices, minute } from "../../test/support/MadePrices.ts"
import { ChangeSamples, pricedLevels, quantileOf, quantileShares } from "./ChangeQuantiles.ts"
import { measureMarket } from "./MeasureQuantiles.ts"
import { readQuantiles, StressQuantiles } from "./ReadQuantiles.ts"
import { valuesAt } from "./ValuesAt.ts"

describe("quantileOf", () => {
  it("interpolates between the order statistics", () => {
    const sorted = Float64Array.of(1, 2, 3, 4, 10)
    const expected = [1, 2, 3, 7.6, 10]
    ;[0, 0.25, 0.5, 0.9, 1].forEach((share, index) => assert.closeTo(quantileOf(sorted, share), expected[index]!, 1e-12))
  })
})

describe("ChangeSamples", () => {
  it("gives a level its quantiles as far as there is history beyond them", () => {
    const samples = new ChangeSamples()
    for (let n = 0; n < 1000; n++) samples.add(`series ${n % 4}`, "normal", [n - 500, n - 500, n - 500])
    for (let n = 0; n < 999; n++) samples.add("one", "watch", [n, n, n])
    for (let n = 0; n < 99; n++) samples.add("one", "critical", [n, n, n])
    const { critical, normal, warning, watch } = samples.levels()
    assert.deepStrictEqual([normal?.samples, normal?.series], [1000, 4])
    assert.deepStrictEqual(normal?.changesBps[0], [-499, -490.01, -450.05, 449.05, 489.01, 498])
    assert.deepStrictEqual(
      watch?.changesBps[0]?.map((change) => change === null),
      [true, false, false, false, false, true]
    )
    assert.isNull(warning)
    assert.isNull(critical)
  })
})

describe("measureMarket", () => {
  it("looks at what each coin's fair value did next, from the level that it stood at", () => {
    // Two days at the peg, then USDC loses 2 bps a minute for an hour, and two days at 0.988.
    const usdc = (at: number) => 1 - Math.min(60, Math.max(0, at - 2880)) * 2e-4
    const files = madePrices(4 * 1440, usdc, 15)
    const samples = new ChangeSamples()
    const seen = measureMarket({ name: "made", files, stepMillis: 15 * minute }, samples, (symbol) => symbol === "USDC")
    assert.deepStrictEqual(seen, ["USDC"])
    const { normal } = samples.levels()
    assert.isAbove(normal!.samples, 180)
    assert.strictEqual(normal!.series, 1)
    const at = quantileShares.indexOf(0.01)
    assert.isBelow(normal!.changesBps[0]![at]!, -60)
    assert.closeTo(normal!.changesBps[2]![at]!, -120, 2)
    assert.closeTo(normal!.changesBps[0]![quantileShares.indexOf(0.95)]!, 0, 0.5)
  })
})

describe("valuesAt", () => {
  it("gives the values and levels of the moment, and nothing that came after", () => {
    const files = madePrices(600, (at) => (at < 300 ? 1 : 0.99))
    const values = (minutes: number) => valuesAt(files, afterMinutes(minutes)).get("USDC")!
    assert.closeTo(values(299).fairValue!, 1, 1e-4)
    assert.strictEqual(values(299).level, "normal")
    assert.closeTo(values(330).fairValue!, 0.99, 1e-4)
    assert.strictEqual(values(330).level, "critical")
    assert.isNull(values(700).fairValue)
    assert.isUndefined(valuesAt(files, afterMinutes(10)).get("DAI"))
  })
})

describe("readQuantiles", () => {
  it.effect("reads the ones that are shipped, which grow with the horizon and hold every level", () =>
    Effect.gen(function* () {
      const { quantiles } = yield* StressQuantiles
      for (const level of pricedLevels) {
        const { changesBps, samples } = quantiles.levels[level]!
        assert.isAtLeast(samples, 100)
        const worst = changesBps.map((own) => own[quantileShares.indexOf(0.01)]!)
        assert.isTrue(worst[0]! < 0 && worst[0]! > worst[1]! && worst[1]! > worst[2]!, level)
      }
    }).pipe(Effect.provide(StressQuantiles.layer("").pipe(Layer.provide(NodeServices.layer))))
  )

  it.effect("refuses what is no such file, with its name", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
      )
      const file = join(directory, "q.json")
      assert.include((yield* Effect.flip(readQuantiles(file))).message, "cannot be read")
      writeFileSync(file, '{"format":"evenkeel change quantiles 2"}')
      assert.include((yield* Effect.flip(readQuantiles(file))).message, `${file}: holds no quantiles`)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
