/**
 * Every model that may serve, by version, with its bytes: which one is the champion, which challenge it, and what they were before.
 *
 * Additions, promotions and rollbacks are facts in the log, appended in the transaction that changes the table: who served when can be audited.
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { EventStore } from "../event/EventStore.ts"

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

/** The stream of the facts about models, and their payloads by kind. */
export const registryStream = "model/registry"
/** What an engine did with the model that it serves has a stream of its own: several engines may share a database. */
export const recalibrationStream = (engine: string) => `model/recalibration/${engine}`

export interface ModelFacts {
  readonly ModelAdded: { readonly version: number; readonly name: string; readonly sha256: string; readonly status: ModelStatus }
  /** `former`: the champion before, if there was one. `by`: who asked for it; nobody did where the first model became the champion. */
  readonly ModelPromoted: { readonly version: number; readonly former: number | null; readonly by?: string }
  /** `retired`: the champion that gave way. */
  readonly ModelRolledBack: { readonly version: number; readonly retired: number | null; readonly by?: string }
  readonly ModelRecalibrated: Recalibration
}

/** A version serves with the log odds of its onsets shifted, by the evidence of what came; its file stays as it is. */
export const Recalibration = Schema.Struct({
  /** The engine that serves it so. */
  engine: Schema.String,
  version: Schema.Int,
  /** `reset`: another model serves, and the shifts fall away. */
  reason: Schema.Literals(["evidence", "reset"]),
  horizons: Schema.Array(
    Schema.Struct({
      minutes: Schema.Int,
      /** Shifts in log odds, before and now. */
      from: Schema.Finite,
      to: Schema.Finite,
      /** Onsets that came and that the model expected without a shift, those of long ago counted less. */
      seen: Schema.Finite,
      expected: Schema.Finite
    })
  )
})
export type Recalibration = typeof Recalibration.Type

const decodeRecalibration = Schema.decodeUnknownOption(Schema.fromJsonString(Recalibration))

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
    /** Makes a version the champion, unless it is; the one before it becomes a challenger. `by`: who asked, for the log. */
    readonly promote: (version: number, at: number, by?: string) => Effect.Effect<void, SqlError.SqlError | ModelMissing>
    /**
     * Makes the champion before the present one the champion again and retires the present one; which version that is. Those that were retired by a
     * rollback are not gone back to.
     */
    readonly rollback: (at: number, by?: string) => Effect.Effect<number, SqlError.SqlError | ModelMissing>
    readonly reward: (version: number, served: number, reward: number) => Effect.Effect<void, SqlError.SqlError>
    readonly recalibrate: (recalibration: Recalibration) => Effect.Effect<void, SqlError.SqlError>
    /** The last one of an engine, unless another version became the champion since. */
    readonly recalibration: (engine: string) => Effect.Effect<Option.Option<Recalibration>, SqlError.SqlError>
  }
>()("@evenkeel/store/model/ModelRegistry") {
  static readonly layer = Layer.effect(
    ModelRegistry,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const events = yield* EventStore
      const columns = sql.literal(
        `version::float8 as version, name, sha256, status, added_at as "addedAt", promoted_at as "promotedAt", served, reward`
      )
      const list = sql<ModelEntry>`select ${columns} from model order by version desc`
      const known = (version: number) =>
        Effect.flatMap(sql<ModelEntry>`select ${columns} from model where version = ${version}`, ([entry]) =>
          entry === undefined
            ? new ModelMissing({ problem: `there is no model version ${version}: see \`evenkeel models list\`` })
            : Effect.succeed(entry)
        )
      const fact = <Kind extends keyof ModelFacts>(kind: Kind, payload: ModelFacts[Kind], stream = registryStream) =>
        events.append(stream, "any", [{ kind, payload: { ...payload } }]).pipe(
          // "any" version cannot conflict.
          Effect.catchTag("ConcurrencyConflict", Effect.die)
        )
      /** Changes take turns, so that there is one champion; readers do not wait. */
      const inTurn = <A, E>(change: Effect.Effect<A, E>) =>
        sql.withTransaction(Effect.andThen(sql`lock table model in share row exclusive mode`, change))
      /** Takes the champion's status away from all others; which version had it. */
      const demote = (version: number, status: ModelStatus) =>
        Effect.map(
          sql<{ version: number }>`
            update model set status = ${status} where status = 'champion' and version <> ${version} returning version::float8 as version`,
          ([former]) => former?.version ?? null
        )
      const raise = (version: number, at: number) =>
        sql`update model set status = 'champion', promoted_at = ${at} where version = ${version}`
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
            const { version } = row!
            yield* fact("ModelAdded", { version, name, sha256, status })
            if (status === "champion") yield* fact("ModelPromoted", { version, former: yield* demote(version, "challenger") })
            return version
          }).pipe(inTurn),
        bytesOf: (version) =>
          Effect.gen(function* () {
            yield* known(version)
            const [row] = yield* sql<{ bytes: string }>`select bytes from model where version = ${version}`
            return new Uint8Array(Buffer.from(row!.bytes, "base64"))
          }),
        champion: Effect.map(list, (entries) => Option.fromNullishOr(entries.find(({ status }) => status === "champion"))),
        promote: (version, at, by) =>
          Effect.gen(function* () {
            const { status } = yield* known(version)
            if (status === "champion") return
            const former = yield* demote(version, "challenger")
            yield* raise(version, at)
            yield* fact("ModelPromoted", { version, former, ...(by === undefined ? {} : { by }) })
          }).pipe(inTurn),
        rollback: (at, by) =>
          Effect.gen(function* () {
            const [former] = yield* sql<{ version: number }>`
              select version::float8 as version from model
              where status = 'challenger' and promoted_at is not null order by promoted_at desc, version desc limit 1`
            if (former === undefined)
              return yield* new ModelMissing({ problem: "no model was the champion before this one: nothing to go back to" })
            const { version } = former
            const retired = yield* demote(version, "retired")
            yield* raise(version, at)
            yield* fact("ModelRolledBack", { version, retired, ...(by === undefined ? {} : { by }) })
            return version
          }).pipe(inTurn),
        recalibrate: (recalibration) => Effect.asVoid(fact("ModelRecalibrated", recalibration, recalibrationStream(recalibration.engine))),
        recalibration: Effect.fnUntraced(function* (engine) {
          const last = yield* events.lastOf(recalibrationStream(engine), "ModelRecalibrated")
          if (Option.isNone(last)) return Option.none()
          for (const kind of ["ModelPromoted", "ModelRolledBack"]) {
            const changed = yield* events.lastOf(registryStream, kind)
            if (Option.isSome(changed) && changed.value.position > last.value.position) return Option.none()
          }
          return decodeRecalibration(last.value.payload)
        }),
        reward: (version, served, reward) =>
          Effect.asVoid(sql`update model set served = served + ${served}, reward = reward + ${reward} where version = ${version}`)
      })
    })
  )
}
