/** Reads what stands in `otel/` for operators: the dashboards' panels, the alert rules and their tests. A file of another shape is refused. */
import { Schema } from "effect"
import { Yaml } from "effect/encoding"
import { readFileSync } from "node:fs"

export const dashboardNames = ["coins", "engine", "alerting"] as const

const Place = Schema.Struct({ x: Schema.Int, y: Schema.Int, w: Schema.Int, h: Schema.Int })
const Dashboard = Schema.Struct({
  panels: Schema.Array(
    Schema.Struct({
      id: Schema.Int,
      title: Schema.NonEmptyString,
      description: Schema.NonEmptyString,
      gridPos: Place,
      fieldConfig: Schema.Struct({ defaults: Schema.Struct({ unit: Schema.NonEmptyString }) }),
      targets: Schema.Array(Schema.Struct({ expr: Schema.NonEmptyString, legendFormat: Schema.NonEmptyString }))
    })
  )
})

export const panelsOf = (name: (typeof dashboardNames)[number]) =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Dashboard))(readFileSync(`otel/grafana/dashboards/${name}.json`, "utf8")).panels.map(
    ({ description, fieldConfig, gridPos, id, targets, title }) => ({
      id,
      title,
      description,
      unit: fieldConfig.defaults.unit,
      place: gridPos,
      queries: targets.map(({ expr, legendFormat }) => ({ expression: expr, legend: legendFormat }))
    })
  )

const Rules = Schema.Struct({
  groups: Schema.Array(
    Schema.Struct({
      rules: Schema.Array(
        Schema.Struct({
          alert: Schema.NonEmptyString,
          expr: Schema.NonEmptyString,
          for: Schema.optional(Schema.String),
          labels: Schema.Struct({ severity: Schema.Literals(["warning", "critical"]) }),
          annotations: Schema.Struct({
            summary: Schema.NonEmptyString,
            description: Schema.NonEmptyString,
            runbook_url: Schema.NonEmptyString
          })
        })
      )
    })
  )
})

const RuleTests = Schema.Struct({
  tests: Schema.Array(
    Schema.Struct({
      alert_rule_test: Schema.Array(Schema.Struct({ alertname: Schema.String, exp_alerts: Schema.Array(Schema.Unknown) }))
    })
  )
})

const yaml = <A, I>(file: string, schema: Schema.Codec<A, I>): A =>
  Schema.decodeUnknownSync(schema)(Yaml.parse(readFileSync(`otel/prometheus/${file}`, "utf8")))

export const alertRules = yaml("alerts.yaml", Rules).groups.flatMap(({ rules }) => rules)
export const alertTests = ["alerts.test.yaml", "alerts.hours.test.yaml"].flatMap((file) =>
  yaml(file, RuleTests).tests.flatMap((test) => test.alert_rule_test)
)
