import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { echoMetadata, echoModel } from "../../test/support/EchoModel.ts"
import { onnxBytesMax, readOnnxFile } from "./OnnxFiles.ts"

const asSaid = { features: [], heads: [] }

const fileOf = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const files = yield* FileSystem.FileSystem
  const path = `${yield* files.makeTempDirectoryScoped()}/some.onnx`
  yield* files.writeFile(path, bytes)
  return path
})
const opened = (bytes: Uint8Array, told: Partial<typeof asSaid> = {}) =>
  Effect.flatMap(fileOf(bytes), (file) => readOnnxFile({ ...asSaid, ...told, file }))
const reasonOf = (bytes: Uint8Array, told: { readonly features?: Array<never>; readonly heads?: Array<never> } = {}) =>
  Effect.map(Effect.flip(opened(bytes, told)), ({ reason }) => reason)

layer(NodeServices.layer)("OnnxFiles", (it) => {
  it.effect("reads what a file says of itself; its version is the same each time, above the registry's, and another of other bytes", () =>
    Effect.gen(function* () {
      const { heads, inputs, name, version } = yield* opened(echoModel())
      assert.deepStrictEqual({ name, inputs, heads }, { name: "echo", inputs: [0, 1], heads: echoMetadata.heads })
      assert.isTrue(Number.isInteger(version) && version >= 2 ** 30 && version < 2 ** 31)
      assert.strictEqual((yield* opened(echoModel())).version, version)
      assert.notStrictEqual((yield* opened(echoModel({ name: "other" }))).version, version)
    })
  )

  it.effect("believes what is told over what the file says, and takes a file that says nothing", () =>
    Effect.gen(function* () {
      const silent = echoModel({ features: [], heads: [] })
      assert.strictEqual(yield* reasonOf(silent), "Unnamed")
      const file = yield* fileOf(silent)
      const { heads, inputs } = yield* readOnnxFile({
        file,
        features: [coinFeatureNames[5]!, coinFeatureNames[2]!],
        heads: ["state:30", "onset:5"]
      })
      assert.deepStrictEqual(inputs, [5, 2])
      assert.deepStrictEqual(heads, [
        { label: "state", horizonMinutes: 30 },
        { label: "onset", horizonMinutes: 5 }
      ])
      const badHead = readOnnxFile({ file, features: [coinFeatureNames[0]!], heads: ["offset:5"] })
      assert.strictEqual((yield* Effect.flip(badHead)).reason, "OtherHeads")
    })
  )

  it.effect("refuses what cannot serve, and says why", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(readOnnxFile({ ...asSaid, file: "/no/such.onnx" }))
      assert.strictEqual(missing.message, "/no/such.onnx cannot be read: check its name")
      assert.strictEqual(yield* reasonOf(new TextEncoder().encode("a letter")), "NotAModel")
      assert.strictEqual(yield* reasonOf(new Uint8Array(onnxBytesMax + 1)), "TooLarge")
      const other = yield* Effect.flip(opened(echoModel({ features: ["distance_bps", "tarot"] })))
      assert.strictEqual(other.reason, "OtherFeatures")
      assert.include(other.message, "tarot")
      assert.strictEqual(yield* reasonOf(echoModel({ heads: [{ label: "onset", horizonMinutes: 7 }] })), "OtherHeads")
    })
  )
})
