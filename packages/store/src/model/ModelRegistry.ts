/** Every model that may serve, by version, with its bytes: which one is the champion, which challenge it, and what they were before. */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

export const ModelStatus = Schema.Literals(["champion", "challenger", "retired"])
export type ModelStatus = typeof ModelStatus.Type

export interface ModelEntry {
  readonly version: number
  readonly name: string
  readonly sha256: string
  readonly status: ModelStatus
  /** Unix ms. */
  readonly addedAt: number
  /** When it last became the champion. */
  readonly promotedAt: number | null
  /** What it said while it served: hours and their reward, see `ThompsonSampling`. */
  readonly served: number
  readonly reward: number
}

export class ModelMissing extends Schema.TaggedError<ModelMissing>()("ModelMissing", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

export class ModelRegistry extends Context.Service<
  ModelRegistry,
  {
    /** Newest first. */
    readonly list: Effect.Effect<ReadonlyArray<ModelEntry>, SqlError.SqlError>
    /** A new version; the old one when the same bytes are there already. */
    readonly add: (model: {
      readonly name: string
      readonly sha256: string
      readonly bytes: Uint8Array
      readonly status: ModelStatus
      readonly at: number
    }) => Effect.Effect<number, SqlError.SqlError>
    readonly bytesOf: (version: number) => Effect.Effect<Uint8Array, SqlError.SqlError | ModelMissing>
    readonly champion: Effect.Effect<Option.Option<ModelEntry>, SqlError.SqlError>
    /** Makes a version the champion; the one before it becomes a challenger. */
    readonly promote: (version: number, at: number) => Effect.Effect<void, SqlError.SqlError | ModelMissing>
    /** Makes the champion before the present one the champion again, which version that is, and retires the present one. */
    readonly rollback: (at: number) => Effect.Effect<number, SqlError.SqlError | ModelMissing>
    readonly reward: (version: number, served: number, reward: number) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@evenkeel/store/model/ModelRegistry") {
  static readonly layer = Layer.effect(
    ModelRegistry,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `version::float8 as version, name, sha256, status, added_at as "addedAt", promoted_at as "promotedAt", served, reward`
      )
      const list = sql<ModelEntry>`select ${columns} from model order by version desc`
      const known = (version: number) =>
        Effect.filterOrFail(
          sql<{ version: number }>`select version::float8 as version from model where version = ${version}`,
          (rows) => rows.length > 0,
          () => new ModelMissing({ problem: `there is no model version ${version}: see \`evenkeel models list\`` })
        )
      const promote = (version: number, at: number, formerStatus: ModelStatus) =>
        known(version).pipe(
          Effect.andThen(
            Effect.andThen(
              sql`update model set status = ${formerStatus} where status = 'champion' and version <> ${version}`,
              sql`update model set status = 'champion', promoted_at = ${at} where version = ${version}`
            )
          ),
          sql.withTransaction,
          Effect.asVoid
        )
      return ModelRegistry.of({
        list,
        add: ({ at, bytes, name, sha256, status }) =>
          Effect.gen(function* () {
            const [same] = yield* sql<{ version: number }>`select version::float8 as version from model where sha256 = ${sha256}`
            if (same !== undefined) return same.version
            const [row] = yield* sql<{ version: number }>`
              insert into model ${sql.insert({
                name,
                sha256,
                bytes: Buffer.from(bytes).toString("base64"),
                status,
                added_at: at,
                promoted_at: status === "champion" ? at : null
              })} returning version::float8 as version`
            if (status === "champion")
              yield* sql`update model set status = 'challenger' where status = 'champion' and version <> ${row!.version}`
            return row!.version
          }).pipe(sql.withTransaction),
        bytesOf: (version) =>
          Effect.gen(function* () {
            yield* known(version)
            const [row] = yield* sql<{ bytes: string }>`select bytes from model where version = ${version}`
            return new Uint8Array(Buffer.from(row!.bytes, "base64"))
          }),
        champion: Effect.map(list, (entries) => Option.fromNullishOr(entries.find(({ status }) => status === "champion"))),
        promote: (version, at) => promote(version, at, "challenger"),
        rollback: (at) =>
          Effect.gen(function* () {
            const entries = yield* list
            const former = entries
              .filter(({ promotedAt, status }) => status !== "champion" && promotedAt !== null)
              .sort((a, b) => b.promotedAt! - a.promotedAt!)[0]
            if (former === undefined)
              return yield* new ModelMissing({ problem: "no model was the champion before this one: nothing to go back to" })
            yield* promote(former.version, at, "retired")
            return former.version
          }),
        reward: (version, served, reward) =>
          Effect.asVoid(sql`update model set served = served + ${served}, reward = reward + ${reward} where version = ${version}`)
      })
    })
  )
}
