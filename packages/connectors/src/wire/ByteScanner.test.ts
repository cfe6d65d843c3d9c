import { assert, describe, it } from "@effect/vitest"
import { ByteScanner, template } from "./ByteScanner.ts"

const scan = (text: string) => {
  const scanner = new ByteScanner()
  const bytes = new TextEncoder().encode(`xx${text}`)
  scanner.open(bytes, 2, bytes.length)
  return scanner
}

describe("ByteScanner", () => {
  it("reads every decimal to the same double as Number does", () => {
    let seed = 3
    const random = (n: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 7) % n
    for (let i = 0; i < 50_000; i++) {
      let text = String(1 + random(9))
      for (let digit = random(17); digit > 0; digit--) text += random(10)
      const form = random(4)
      if (form < 2) text = `0.${"0".repeat(random(8))}${text}`
      else if (form === 2) text = `${text}.${random(1_000_000)}`
      if (random(10) === 0) text = `-${text}`
      const scanner = scan(`${text},`)
      assert.isTrue(scanner.number(), text)
      assert.strictEqual(scanner.registers[0], Number(text), text)
      assert.strictEqual(scanner.decimals, text.includes(".") ? text.length - text.indexOf(".") - 1 : 0)
    }
    for (const text of ["1e-7", "1.5E+3", "0", "123456789012345678901234", "0.00000000000000000000000000001"]) {
      const scanner = scan(text)
      assert.isTrue(scanner.number(), text)
      assert.strictEqual(scanner.registers[0], Number(text))
    }
  })

  it("refuses what is no number", () => {
    for (const text of ["", "-", ".5", "5.", "x", '"1"', "1e", "--1", "1e999"]) assert.isFalse(scan(text).number(), text)
  })

  it("reads integers past 2^53 exactly", () => {
    for (const text of ["0", "999999999", "1000000000", "9007199254740993", "123456789012345678901234"]) {
      const scanner = scan(`${text}}`)
      assert.isTrue(scanner.integer())
      assert.strictEqual(BigInt(scanner.registers[1]!) * 1_000_000_000n + BigInt(scanner.registers[2]!), BigInt(text))
    }
    assert.isFalse(scan("1".repeat(25)).integer())
  })

  it("reads times to the fraction that was sent", () => {
    for (const text of ["2021-04-17T16:43:37.075Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999Z", "2026-12-31T00:00:00Z"]) {
      const scanner = scan(text)
      assert.isTrue(scanner.isoTime(), text)
      assert.closeTo(scanner.registers[0]!, Date.parse(text), 1e-6)
    }
    const micro = scan("2021-04-17T16:43:37.075687Z")
    micro.isoTime()
    assert.closeTo(micro.registers[0]!, Date.parse("2021-04-17T16:43:37.075Z") + 0.687, 1e-3)
    for (const text of ["2021-04-17", "2021-04-17 16:43:37Z", "2021-04-17T16:43:37.0756"]) assert.isFalse(scan(text).isoTime(), text)
  })

  it("steps over templates and strings, and never past the end", () => {
    const scanner = scan('{"s":"AB"}')
    assert.isFalse(scanner.skip(template('{"t"')))
    assert.isTrue(scanner.skip(template('{"s":"')))
    assert.strictEqual(scanner.string() - 8, 0 + scanner.position - 9)
    assert.isTrue(scanner.skip(template("}")))
    assert.isFalse(scanner.skip(template("}")))
    assert.strictEqual(scan("open").string(), -1)
    assert.strictEqual(scan('a\\"b"').string(), -1)
  })
})
