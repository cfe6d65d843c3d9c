import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parsePositions } from "./PositionsInput.ts"
import { positionsOf } from "./Positions.ts"

const problem = (text: string): string => Result.getOrThrow(Result.flip(parsePositions(text)))
const header = "account,side,coin,amount,threshold\n"

describe("parsePositions", () => {
  it("reads CSV, one leg a line, and JSON to the same positions", () => {
    const csv = parsePositions(`${header}a,collateral,USDC,1000.5,0.78\na,debt,USDT,500,\r\n\nb,collateral,ETH,2,0.8\n`)
    const json = parsePositions(
      JSON.stringify({
        thresholds: { USDC: "0.78", ETH: "0.8" },
        accounts: [
          { account: "a", collateral: { USDC: "1000.5" }, debt: { USDT: "500" } },
          { account: "b", collateral: { ETH: "2" }, debt: {} }
        ]
      })
    )
    const columns = (parsed: typeof csv) => Result.getOrThrow(positionsOf(Result.getOrThrow(parsed), 10))
    assert.deepStrictEqual(columns(csv), columns(json))
    assert.deepStrictEqual(columns(csv), {
      accounts: ["a", "b"],
      coins: ["USDC", "USDT", "ETH"],
      start: Int32Array.of(0, 2, 3),
      coin: Int32Array.of(0, 1, 2),
      counted: Float64Array.of(1000.5 * 0.78, 0, 1.6),
      debt: Float64Array.of(0, 500, 0)
    })
  })

  it("names the line and what is wrong with it", () => {
    for (const [line, what] of [
      ["a,collateral,USDC,1e6,0.78", "line 2: 1e6 is no amount"],
      ["a,collateral,USDC,-1,0.78", "no amount"],
      ["a,collateral,USDC,1,1.1", "a share from 0 to 1"],
      ["a,collateral,USDC,1,", "a share from 0 to 1, not empty"],
      ["a,debt,USDC,1,0.5", "debt has no threshold"],
      ["a,owes,USDC,1,", "collateral or debt, not owes"],
      ["a,debt,usdc,1,", "usdc is no coin"],
      ["a,debt", "2 columns"],
      [",debt,USDC,1,", "no account"],
      ["a,debt,USDC,1,\na,debt,USDC,2,", "line 3: a has USDC as debt already"]
    ] as const)
      assert.include(problem(header + line), what)
    assert.include(problem("a,b\n"), "the first line")
  })

  it("refuses JSON of another form, with the place", () => {
    for (const [document, what] of [
      [{ thresholds: {}, accounts: [{ account: "a", collateral: { USDC: 1000 }, debt: {} }] }, "collateral"],
      [{ thresholds: { USDC: "1.2" }, accounts: [] }, "thresholds"],
      [{ thresholds: {}, accounts: [], other: 1 }, "other"],
      [{ thresholds: {} }, "accounts"]
    ] as const)
      assert.include(problem(JSON.stringify(document)), what)
    assert.isTrue(Result.isFailure(parsePositions("{")))
    const leg = '{"thresholds":{},"accounts":[{"account":"a","collateral":{},"debt":{"USDT":"1","USDT":"2"}}]}'
    assert.include(problem(leg), "USDT is there twice")
  })
})

describe("positionsOf", () => {
  const account = (name: string, over: object = {}) => ({ account: name, collateral: { USDC: "2" }, debt: { USDC: "1" }, ...over })

  it("puts collateral and debt in one coin into one leg, and takes an account's own threshold over that of all", () => {
    const { counted, debt } = Result.getOrThrow(
      positionsOf({ thresholds: { USDC: "0.5" }, accounts: [account("a"), account("b", { thresholds: { USDC: "0.9" } })] }, 2)
    )
    assert.deepStrictEqual(counted, Float64Array.of(1, 1.8))
    assert.deepStrictEqual(debt, Float64Array.of(1, 1))
  })

  it("refuses too many accounts, one that is there twice, and collateral without a threshold", () => {
    const refusal = (thresholds: Record<string, string>, ...names: ReadonlyArray<string>) =>
      Result.getOrThrow(Result.flip(positionsOf({ thresholds, accounts: names.map((name) => account(name)) }, 2)))
    assert.include(refusal({ USDC: "1" }, "a", "b", "c"), "at most 2")
    assert.include(refusal({ USDC: "1" }, "a", "a"), "a is there twice")
    assert.include(refusal({}, "a"), "no threshold")
    assert.include(refusal(Object.create({ USDC: "1" }) as Record<string, string>, "a"), "no threshold")
  })
})
