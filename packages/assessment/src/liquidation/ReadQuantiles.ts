/** Reads a file of `ChangeQuantiles`: the one that is shipped, or one of the user's own (`evenkeel liquidations quantiles`). */
import { Context, Effect, FileSystem, Layer, Schema } from "effect"
import { fileURLToPath } from "node:url"
import { ChangeQuantiles } from "./ChangeQuantiles.ts"

/** The file that comes with the program. */
export const shippedQuantiles = fileURLToPath(new URL("../../model/quantiles.json", import.meta.url))

export class QuantilesUnusable extends Schema.TaggedError<QuantilesUnusable>()("QuantilesUnusable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.problem}`
  }
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(ChangeQuantiles), { onExcessProperty: "error" })

/** The shipped ones where `file` is empty. */
export const readQuantiles = Effect.fn("readQuantiles")(function* (file: string) {
  const named = file === "" ? shippedQuantiles : file
  const files = yield* FileSystem.FileSystem
  const text = yield* files
    .readFileString(named)
    .pipe(Effect.mapError(() => new QuantilesUnusable({ file: named, problem: "cannot be read: check its name" })))
  return yield* decode(text).pipe(
    Effect.mapError(
      ({ message }) => new QuantilesUnusable({ file: named, problem: `holds no quantiles that this version knows: ${message}` })
    )
  )
})

/** The quantiles by which positions are stressed. */
export class StressQuantiles extends Context.Service<StressQuantiles, { readonly quantiles: ChangeQuantiles }>()(
  "@evenkeel/assessment/liquidation/ReadQuantiles/StressQuantiles"
) {
  static readonly layer = (file: string) =>
    Layer.effect(
      StressQuantiles,
      Effect.map(readQuantiles(file), (quantiles) => ({ quantiles }))
    )
}
