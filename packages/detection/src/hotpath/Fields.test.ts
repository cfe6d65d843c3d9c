import { assert, describe, it } from "@effect/vitest"
import { fits, loadFields, saveFields } from "./Fields.ts"

class Inner {
  private total = 0
  readonly ring = new Float64Array(3)
  add(value: number): number {
    this.ring[this.total % 3] = value
    return ++this.total
  }
}

class Outer {
  level = Number.NaN
  warned = false
  readonly parts = [new Inner(), new Inner()]
  maybe: Inner | undefined
  name = 0
}

describe("fields", () => {
  it("are saved and loaded as deep as they go, private ones too", () => {
    const one = new Outer()
    one.level = 3
    one.warned = true
    one.parts[1]!.add(0.5)
    one.name = 7
    const saved = saveFields(one, ["name"])
    one.parts[1]!.add(0.7)
    const two = new Outer()
    assert.isTrue(fits(two, saved, ["name"]))
    loadFields(two, saved)
    assert.deepStrictEqual([two.level, two.warned, two.name], [3, true, 0])
    assert.deepStrictEqual([...two.parts[1]!.ring], [0.5, 0, 0])
    assert.strictEqual(two.parts[1]!.add(0.9), 2)
    assert.isTrue(two.parts[1] instanceof Inner)
  })

  it("of another shape do not fit", () => {
    const saved = saveFields(new Outer())
    const wider = Object.assign(new Outer(), { more: 1 })
    assert.isFalse(fits(wider, saved))
    assert.isFalse(fits(new Outer(), saveFields(wider)))
    assert.isFalse(fits(new Outer(), saveFields(Object.assign(new Outer(), { level: false }))))
    assert.isFalse(fits(new Inner(), saveFields(Object.assign(new Inner(), { ring: new Float64Array(4) }))))
    assert.isFalse(fits(new Inner(), 5))
  })

  it("that are no numbers are refused when they are saved", () => {
    assert.throws(() => saveFields({ name: "USDC" }), "a field of type string")
  })
})
