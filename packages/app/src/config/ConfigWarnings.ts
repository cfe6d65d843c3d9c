/** What a valid configuration says that can have no effect, and is a mistake more likely than not: told when it is read, and refused by nobody. */
import { labelsNamed, matchersNamed } from "@evenkeel/alerting/route/AlertPolicy"
import { knownLabels, unknownLabel, unknownName } from "@evenkeel/alerting/route/KnownLabels"
import { alertNames } from "@evenkeel/alerting/manager/AlertNames"
import type { EngineConfig } from "./EngineConfig.ts"

/** One line each, with the setting's path. */
export const configWarnings = ({ alerts, coins }: EngineConfig): ReadonlyArray<string> => {
  const labels = knownLabels(alerts.rules)
  const watched = coins.map((coin) => coin.split(":")[0]!)
  const names = [...Object.values(alertNames), ...alerts.rules.map(({ name }) => name)]
  const unwatched = (path: string, named: ReadonlyArray<string> = []) =>
    named.filter((coin) => !watched.includes(coin)).map((coin) => `alerts.${path}: ${coin} is not watched`)
  const said = (path: ReadonlyArray<PropertyKey>, problem: string | undefined) =>
    problem === undefined ? [] : [`alerts.${path.join(".")}: ${problem}`]
  return [
    ...matchersNamed(alerts).flatMap(({ name, path }) => said(path, unknownLabel(name, labels))),
    ...labelsNamed(alerts).flatMap(({ name, path }) => said(path, unknownName(name, labels))),
    ...alerts.rules.flatMap((rule, index) => unwatched(`rules.${index}.coins`, rule.coins)),
    ...alerts.subscriptions.flatMap((subscription, index) => [
      ...unwatched(`subscriptions.${index}.coins`, subscription.coins),
      ...(subscription.rules ?? [])
        .filter((name) => !names.includes(name))
        .map((name) => `alerts.subscriptions.${index}.rules: there is no rule ${JSON.stringify(name)}`)
    ])
  ]
}
