import { assert, describe, it } from "@effect/vitest"
import { makeNamedCoins } from "./NamedCoins.ts"
import { toneOf } from "./Tone.ts"

const named = makeNamedCoins(["USDT", "USDC", "DAI"])
const scores = (title: string) => Object.fromEntries(toneOf(title, named).map(({ coin, score }) => [coin, score]))

describe("the tone of a headline", () => {
  it("is bad where a coin breaks, is halted, hacked or delisted, and good where it returns", () => {
    for (const title of [
      "USDC depegs",
      "USDC loses its dollar peg",
      "USDC slips below $1",
      "Circle pauses USDC redemptions",
      "USDC redemptions are suspended",
      "Run on USDC",
      "USDC issuer is insolvent",
      "Bridge exploit drains USDC",
      "Kraken to delist USDC",
      "Panic as USDC issuer reveals shortfall",
      "USDC falls to $0.87 after Curve exploit",
      "USDC sinks after issuer insolvency",
      "USDC trades at 87 cents after Circle hack",
      "USDC slips below 0.95",
      "Tether falls to 90 cents, and USDC falls to 0.9 too",
      "USDC trading at $.8774",
      "No end to USDC depeg in sight",
      "No end in sight to USDC depeg",
      "USDC no longer pegged",
      "USDC has not recovered after exploit"
    ])
      assert.isAtMost(scores(title)["USDC"]!, -0.5, title)
    for (const title of [
      "USDC regains its peg",
      "USDC repegs",
      "USDC regains peg after bank collapse",
      "USDC recovers after exploit",
      "Circle resumes USDC redemptions",
      "Auditor publishes USDC attestation",
      "USDC holders made whole"
    ])
      assert.isAtLeast(scores(title)["USDC"]!, 0.3, title)
    for (const title of [
      "USDC supply grows",
      "What is USDC?",
      "USDC",
      "USDC trades at $0.9998",
      "USDC trades at 99.9 cents",
      "USDC volume falls to 0.87 billion",
      "USDC share drops to 0.5%"
    ])
      assert.strictEqual(scores(title)["USDC"], 0, title)
  })

  it("turns with a negation, and is weaker then", () => {
    for (const [plain, negated] of [
      ["USDC depegs", "USDC did not depeg"],
      ["USDC issuer is insolvent", "Circle denies USDC is insolvent"],
      ["Circle halts USDC redemptions", "Circle lifts USDC redemption halt"],
      ["USDC was hacked", "USDC wasn't hacked"],
      ["USDC falls to $0.87", "USDC never fell to $0.87"]
    ] as const) {
      assert.isBelow(scores(plain)["USDC"]!, 0, plain)
      assert.isAbove(scores(negated)["USDC"]!, 0, negated)
      assert.isBelow(scores(negated)["USDC"]!, 0.6, negated)
    }
    assert.isBelow(scores("Circle has not resumed USDC redemptions")["USDC"]!, 0)
  })

  it("is each coin's own, by the clause that names it", () => {
    assert.deepStrictEqual(scores("USDT holds its peg while USDC depegs"), { USDT: 0.8, USDC: -1 })
    assert.deepStrictEqual(scores("USDC depegs; USDT unmoved"), { USDT: 0, USDC: -1 })
    assert.deepStrictEqual(scores("Bank run: USDC and DAI"), { USDC: -0.9, DAI: -0.9 })
    assert.deepStrictEqual(scores("USDC, USDT depeg"), { USDT: -1, USDC: -1 })
  })

  it("stays within its bounds, and is soon found, whatever the title", () => {
    for (const word of ["hack ", "not ", "resumes ", "freeze the the ", "as ", "$", "run on ", "fell to ", "regains after ", "no "]) {
      const began = performance.now()
      for (const { score } of toneOf(`USDC ${word.repeat(300).slice(0, 295)}`, named)) assert.isAtMost(Math.abs(score), 1)
      assert.isBelow(performance.now() - began, 100, word)
    }
  })
})
