/** Single facts as entries of a report: what people did, settings, models, covers. What cannot be read gives none. */
import { Acknowledgement } from "@evenkeel/alerting/manager/Acknowledgement"
import { AlertsClosed } from "@evenkeel/alerting/manager/Decide"
import { Silence } from "@evenkeel/alerting/mute/Silence"
import { Recalibration } from "@evenkeel/store/model/ModelRegistry"
import { DateTime, Option, Schema } from "effect"
import { TermsWatched, TriggerAccruing, TriggerLapsed, TriggerMet } from "../insurance/InsuranceFacts.ts"
import { coverOfFamily, describeTerms, isSimulatedFamily } from "../insurance/Terms.ts"
import type { MonthFact } from "./MonthFacts.ts"
import type { Report } from "./Report.ts"

/** Something of a fact's payload; nothing where it is of another kind or cannot be read. */
const reading =
  <S extends Schema.ConstraintDecoder<unknown>, Entry>(kind: string, schema: S, make: (value: S["Type"], fact: MonthFact) => Entry) =>
  (fact: MonthFact): ReadonlyArray<Entry> =>
    fact.kind === kind
      ? Option.match(Schema.decodeUnknownOption(Schema.fromJsonString(schema))(fact.payload), {
          onNone: () => [],
          onSome: (value) => [make(value, fact)]
        })
      : []

const firstOf =
  <Entry>(...readers: ReadonlyArray<(fact: MonthFact) => ReadonlyArray<Entry>>) =>
  (fact: MonthFact): ReadonlyArray<Entry> =>
    readers.flatMap((read) => read(fact))

const iso = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))
const nobody = "not said"

type Action = Report["actions"][number]
const Promoted = Schema.Struct({
  version: Schema.Int,
  former: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  retired: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  by: Schema.optionalKey(Schema.String)
})

export const actionOf = firstOf<Action>(
  reading("AlertAcknowledged", Acknowledgement, ({ by, comment, fingerprint, level }, { recordedAt }) => ({
    at: recordedAt,
    what: `acknowledged alert ${fingerprint} at ${level}`,
    who: by,
    why: comment
  })),
  reading("SilenceSet", Silence, ({ comment, createdBy, endedBy, endsAt, id, matchers, startsAt }, { recordedAt }) => {
    // The end of a silence is written again, with an end that has come.
    const ended = endedBy !== undefined || endsAt <= recordedAt + 1
    return {
      at: recordedAt,
      what: ended
        ? `ended silence ${id} {${matchers.join(", ")}}`
        : `silenced {${matchers.join(", ")}} from ${iso(startsAt)} to ${iso(endsAt)} (${id})`,
      who: ended ? (endedBy ?? nobody) : createdBy,
      why: comment
    }
  }),
  reading("AlertsClosed", AlertsClosed, ({ by, coin, reason }, { recordedAt }) => ({
    at: recordedAt,
    what: `closed the alerts of ${coin}`,
    who: by ?? nobody,
    why: reason
  })),
  // The first champion is the engine's own doing.
  (fact) =>
    reading(
      "ModelPromoted",
      Promoted,
      (value) => value
    )(fact).flatMap(({ by, former, version }) =>
      by === undefined && former == null
        ? []
        : [
            {
              at: fact.recordedAt,
              what: `promoted model ${version}${former == null ? "" : ` in place of ${former}`}`,
              who: by ?? nobody,
              why: ""
            }
          ]
    ),
  reading("ModelRolledBack", Promoted, ({ by, retired, version }, { recordedAt }) => ({
    at: recordedAt,
    what: `went back to model ${version}${retired == null ? "" : ` from ${retired}`}`,
    who: by ?? nobody,
    why: ""
  }))
)

const Change = Schema.Struct({ setting: Schema.String, from: Schema.String, to: Schema.String })
const Reloaded = Schema.Struct({
  why: Schema.String,
  changes: Schema.optionalKey(Schema.Array(Change)),
  atNextStart: Schema.Array(Schema.String)
})
const engineOf = ({ stream }: MonthFact) => stream.slice(stream.indexOf("/") + 1)

export const settingOf = firstOf<Report["settings"][number]>(
  reading("ConfigurationChanged", Schema.Struct({ changes: Schema.optionalKey(Schema.Array(Change)) }), ({ changes = [] }, fact) => ({
    at: fact.recordedAt,
    engine: engineOf(fact),
    what: "changed",
    why: changes.length === 0 ? "at a start; a secret, or a fact of an older version that does not say what" : "at a start",
    changes
  })),
  reading("ConfigurationReloaded", Reloaded, ({ atNextStart, changes = [], why }, fact) => ({
    at: fact.recordedAt,
    engine: engineOf(fact),
    what: "reloaded",
    why: atNextStart.length === 0 ? why : `${why}; waits for the next start: ${atNextStart.join(", ")}`,
    changes
  })),
  reading(
    "ConfigurationRefused",
    Schema.Struct({ why: Schema.String, problems: Schema.Array(Schema.String) }),
    ({ problems, why }, fact) => ({
      at: fact.recordedAt,
      engine: engineOf(fact),
      what: "refused",
      why: `${why}: ${problems.join("; ")}`,
      changes: []
    })
  )
)

export const modelOf = firstOf<Report["models"][number]>(
  reading(
    "ModelAdded",
    Schema.Struct({ version: Schema.Int, name: Schema.String, sha256: Schema.String, status: Schema.String }),
    ({ name, sha256, status, version }, { recordedAt }) => ({
      at: recordedAt,
      what: "added",
      version,
      detail: `${name}, as ${status}, SHA-256 ${sha256}`
    })
  ),
  reading("ModelPromoted", Promoted, ({ by, former, version }, { recordedAt }) => ({
    at: recordedAt,
    what: "promoted",
    version,
    detail: `in place of ${former ?? "none"}, by ${by ?? "the engine"}`
  })),
  reading("ModelRolledBack", Promoted, ({ by, retired, version }, { recordedAt }) => ({
    at: recordedAt,
    what: "rolled back to",
    version,
    detail: `from ${retired ?? "none"}, by ${by ?? nobody}`
  })),
  reading("ModelRecalibrated", Recalibration, ({ engine, horizons, reason, version }, { recordedAt }) => ({
    at: recordedAt,
    what: "recalibrated",
    version,
    detail: `${reason}, ${engine}: ${horizons.map(({ minutes, to }) => `${minutes} m ${to.toFixed(2)}`).join(", ")}`
  }))
)

const coverIn = ({ family, recordedAt }: MonthFact, simulated = isSimulatedFamily(family)) => ({
  at: recordedAt,
  name: coverOfFamily(family),
  simulated
})

export const coverOf = firstOf<Report["covers"][number]>(
  reading("TermsWatched", TermsWatched, ({ simulated, terms }, fact) => ({
    ...coverIn(fact, simulated),
    what: "watched",
    detail: describeTerms(terms)
  })),
  reading("TriggerAccruing", TriggerAccruing, ({ since }, fact) => ({
    ...coverIn(fact),
    what: "accruing",
    detail: `since ${iso(since)}`
  })),
  reading("TriggerLapsed", TriggerLapsed, ({ at, since }, fact) => ({
    ...coverIn(fact),
    what: "lapsed",
    detail: `what began ${iso(since)} came to nothing by ${iso(at)}`
  })),
  reading("TriggerMet", TriggerMet, ({ firstFact, gapMinutes, lastFact, lossBps, metAt, minutes, payableBps }, fact) => ({
    ...coverIn(fact),
    what: "met",
    detail: `at ${iso(metAt)}: ${minutes} minutes counted, ${gapMinutes} gaps, loss ${lossBps.toFixed(1)} bps, payable ${payableBps.toFixed(1)} bps; facts ${firstFact} to ${lastFact} of its chain`
  }))
)
