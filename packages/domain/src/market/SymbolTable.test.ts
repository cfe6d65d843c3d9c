import { assert, describe, it } from "@effect/vitest"
import { SymbolTable } from "./SymbolTable.ts"

describe("SymbolTable", () => {
  it("finds every symbol it was given, inside a longer frame, and nothing else", () => {
    const symbols = Array.from({ length: 500 }, (_, index) => `COIN${index}-USD`)
    const table = new SymbolTable(symbols.map((symbol, index) => [symbol, index * 2]))
    for (const [index, symbol] of symbols.entries()) {
      const frame = new TextEncoder().encode(`{"s":"${symbol}"}`)
      assert.strictEqual(table.find(frame, 6, 6 + symbol.length), index * 2)
    }
    assert.strictEqual(table.findText("COIN500-USD"), -1)
    assert.strictEqual(table.findText(""), -1)
  })

  it("gives an instrument's number to one symbol after the other, and finds the last alone", () => {
    const table = new SymbolTable([["FIRST", 0]])
    for (let turn = 0; turn < 1000; turn++) {
      table.add(`COIN${turn}`, 1)
      assert.strictEqual(table.findText(`COIN${turn}`), 1)
      assert.strictEqual(table.findText(`COIN${turn - 1}`), -1)
      table.remove(1)
      assert.strictEqual(table.findText(`COIN${turn}`), -1)
    }
    assert.strictEqual(table.findText("FIRST"), 0)
  })

  it("adopts a missing symbol once when it may", () => {
    const seen: Array<string> = []
    const table = new SymbolTable([], (symbol) => seen.push(symbol) - 1)
    assert.strictEqual(table.findText("A"), 0)
    assert.strictEqual(table.findText("B"), 1)
    assert.strictEqual(table.findText("A"), 0)
    assert.deepStrictEqual(seen, ["A", "B"])
  })
})
