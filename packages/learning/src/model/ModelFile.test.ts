import { assert, describe, it } from "@effect/vitest"
import { fitVennAbers } from "../calibration/VennAbers.ts"
import { Random } from "../data/Random.ts"
import { fitScaler, scaleTable } from "../data/Scaler.ts"
import { tableOf } from "../data/Table.ts"
import { profileOf } from "../drift/Drift.ts"
import { fitForest } from "../forest/RandomForest.ts"
import { fitLogistic } from "../logistic/LogisticRegression.ts"
import { type Model, predict } from "./Model.ts"
import { decodeModel, encodeModel, explainModelProblem, type ModelFile } from "./ModelFile.ts"

const random = new Random(2)
const values = Float64Array.from({ length: 600 }, () => Math.fround(random.normal()))
const labels = Uint8Array.from({ length: 200 }, (_, row) => (values[row * 3]! + random.normal() > 0 ? 1 : 0))
const table = tableOf(values, labels)
const scaler = fitScaler(table)
const model: Model = {
  features: ["a", "b", "c"],
  scaler,
  heads: [
    {
      label: "onset",
      horizonMinutes: 30,
      members: [
        { kind: "forest", model: fitForest(table, { trees: 7, depthMax: 4, leafRowsMin: 2, seed: 1 }) },
        { kind: "logistic", model: fitLogistic(scaleTable(scaler, table)) }
      ],
      blend: { kind: "vote", weights: Float64Array.of(0.5, 0.5), intercept: 0 },
      calibration: { kind: "platt", curve: { slope: 1, intercept: 0 } },
      interval: fitVennAbers(values.slice(0, 200), labels)
    }
  ]
}
const file: ModelFile = {
  name: "test",
  provenance: {
    until: 5,
    seed: 1,
    files: [{ name: "x.csv", sha256: "ab", rows: 3 }],
    events: [],
    recipe: { depth: 4 },
    profiles: [profileOf(values)],
    figures: {}
  },
  model
}
const bytes = encodeModel(file)
const problem = (altered: Uint8Array) => {
  const decoded = decodeModel(altered)
  assert.isTrue("_tag" in decoded)
  return "_tag" in decoded ? decoded : assert.fail()
}
const changed = (at: number, value: number) => {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

describe("ModelFile", () => {
  it("comes back as it was, from wherever the bytes lie", () => {
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    for (const given of [bytes, Buffer.from(bytes), shifted.subarray(3)]) {
      const decoded = decodeModel(given)
      if ("_tag" in decoded) return assert.fail(decoded._tag)
      assert.strictEqual(decoded.name, "test")
      assert.deepStrictEqual(decoded.provenance.files, file.provenance.files)
      for (let row = 0; row < 20; row++) {
        const given = values.slice(row * 3, row * 3 + 3)
        assert.closeTo(predict(decoded.model, given)[0]!.probability, predict(model, given)[0]!.probability, 1e-7)
      }
    }
    assert.deepStrictEqual(encodeModel(file), bytes)
  })

  it("is refused when it is cut off anywhere, altered, of another kind or of the future, and the reason says what to do", () => {
    for (const length of [0, 5, 12, 40, 200, bytes.length - 100, bytes.length - 1]) {
      const tag = problem(bytes.subarray(0, length))._tag
      assert.include(length < 8 ? ["NotAModel"] : ["Truncated"], tag, `${length} bytes`)
    }
    assert.strictEqual(problem(changed(bytes.length - 50, 7))._tag, "Altered")
    assert.strictEqual(problem(changed(30, 7))._tag, "Altered")
    assert.strictEqual(problem(changed(0, 7))._tag, "NotAModel")
    assert.strictEqual(problem(changed(8, 99))._tag, "FutureFormat")
    assert.strictEqual(problem(new TextEncoder().encode("timestamp_ms,close\n1,2\n"))._tag, "NotAModel")
    assert.include(explainModelProblem({ _tag: "FutureFormat", format: 9 }), "update Evenkeel")
    assert.include(explainModelProblem({ _tag: "OtherFeatures", missing: ["x"] }), "train it again")
  })

  it("is refused when its parts do not fit together, though its hash does", () => {
    const heads = model.heads
    const wrong = [
      { ...model, features: ["a", "b"] },
      { ...model, heads: [] },
      { ...model, heads: [{ ...heads[0]!, blend: { ...heads[0]!.blend, weights: Float64Array.of(1) } }] },
      {
        ...model,
        heads: [
          {
            ...heads[0]!,
            members: [
              { kind: "logistic" as const, model: { intercept: 0, weights: Float64Array.of(1, Number.NaN, 2) } },
              heads[0]!.members[1]!
            ]
          }
        ]
      }
    ]
    for (const each of wrong) assert.strictEqual(problem(encodeModel({ ...file, model: each }))._tag, "Malformed")
    const [forest] = heads[0]!.members
    if (forest?.kind !== "forest") return assert.fail()
    const endless = forest.model.trees.map((tree) => ({ ...tree, rights: tree.rights.map(() => 0) }))
    const looped = {
      ...model,
      heads: [{ ...heads[0]!, members: [{ kind: "forest" as const, model: { trees: endless } }, heads[0]!.members[1]!] }]
    }
    assert.include(explainModelProblem(problem(encodeModel({ ...file, model: looped }))), "does not end")
  })
})
