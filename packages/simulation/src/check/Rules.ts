/** Rules fire and end exactly as they say, by the readings that were published: Prometheus's meanings once more, without the engine's code. */
import type { PlannedRule } from "../world/AlertPlan.ts"
import type { Flapping } from "../world/Flapping.ts"
import type { Fact } from "./Story.ts"

type RuleFact = Extract<Fact, { readonly is: "fired" | "cleared" }>

const coinOf = (fact: RuleFact, coins: ReadonlyMap<string, string>): string =>
  fact.is === "fired" ? (fact.value.own["coin"] ?? "") : (coins.get(fact.value.fingerprint) ?? "")

const ruleFacts = (story: ReadonlyArray<Fact>): ReadonlyArray<RuleFact> =>
  story.flatMap((fact) => (fact.is === "fired" || fact.is === "cleared" ? [fact] : []))

const coinsOf = (facts: ReadonlyArray<RuleFact>): ReadonlyMap<string, string> =>
  new Map(facts.flatMap((fact) => (fact.is === "fired" ? [[fact.value.fingerprint, fact.value.own["coin"] ?? ""] as const] : [])))

/** In any world: an instance fires and is over in turn, and each of its firings and ends opens or ends an alert. */
export const wrongTurns = (story: ReadonlyArray<Fact>): ReadonlyArray<string> => {
  const fires = new Set<string>()
  const wrong: Array<string> = []
  for (const fact of ruleFacts(story)) {
    const { fingerprint } = fact.value
    if (fires.has(fingerprint) === (fact.is === "fired")) wrong.push(`fact ${fact.position}: ${fingerprint} has ${fact.is} twice in turn`)
    if (fact.is === "fired") fires.add(fingerprint)
    else fires.delete(fingerprint)
  }
  const alerts = story.flatMap((fact) => (fact.is === "alert" && fact.value.alert.rule !== undefined ? [fact] : []))
  const made = alerts.map(({ value }) => `${value.alert.fingerprint} ${value.alert.status} of fact ${value.position}`)
  const expected = ruleFacts(story).map(
    (fact) => `${fact.value.fingerprint} ${fact.is === "fired" ? "firing" : "resolved"} of fact ${fact.position}`
  )
  return [
    ...wrong,
    ...expected.filter((each) => !made.includes(each)).map((each) => `no alert is ${each}`),
    ...made.filter((each) => !expected.includes(each)).map((each) => `an alert is ${each}, which no rule says`)
  ]
}

/** Once readings have been steady for longer than any rule waits, nothing fires that does not hold. */
export const wrongStanding = (story: ReadonlyArray<Fact>, rules: ReadonlyArray<PlannedRule>, flapping: Flapping, now: number) => {
  const facts = ruleFacts(story)
  const coins = coinsOf(facts)
  const last = new Map(facts.map((fact) => [`${fact.value.rule} ${coinOf(fact, coins)}`, fact.is]))
  return rules.flatMap(({ above, name }) =>
    flapping.coins.flatMap((coin) => {
      const value = flapping.valueAt(coin, now)
      const isHeld = value !== null && value > above
      const fires = last.get(`${name} ${coin}`) === "fired"
      return fires === isHeld ? [] : [`${name} of ${coin} ${fires ? "fires" : "does not fire"}, and its signal is at ${value}`]
    })
  )
}

/** In a quiet world: every look of the engine, a second apart, with what had been published by then. */
export const wrongFirings = (
  story: ReadonlyArray<Fact>,
  changes: ReadonlyArray<{ readonly at: number; readonly rules: ReadonlyArray<PlannedRule> }>,
  flapping: Flapping,
  /** Times since the simulation began: of the engine's first look, and of the first publishing. */
  {
    began,
    published,
    startsAt,
    until
  }: { readonly began: number; readonly published: number; readonly startsAt: number; readonly until: number }
): ReadonlyArray<string> => {
  const facts = ruleFacts(story)
  const coins = coinsOf(facts)
  const line = (at: number, is: string, rule: string, coin: string) => `${(at / 1000).toFixed(3)} ${rule} of ${coin} ${is}`
  const found = facts.map((fact) => line(fact.value.time - startsAt, fact.is, fact.value.rule, coinOf(fact, coins)))
  const expected: Array<string> = []
  const states = new Map<string, { rule: PlannedRule; since: number; fires: boolean; quiet: number | undefined }>()
  for (let at = began; at <= until; at += 1000) {
    const rules = changes.findLast((change) => change.at <= at)!.rules
    const closed = new Set<string>()
    for (const [key, state] of states) {
      const [name, coin] = key.split(" ")
      if (rules.some((rule) => JSON.stringify(rule) === JSON.stringify(state.rule))) continue
      states.delete(key)
      if (!state.fires) continue
      expected.push(line(at, "cleared", name!, coin!))
      closed.add(key)
    }
    if (at < published) continue
    const seenAt = published + 1000 * Math.floor((at - published) / 1000)
    for (const rule of rules)
      for (const coin of flapping.coins) {
        const key = `${rule.name} ${coin}`
        if (closed.has(key)) continue
        const value = flapping.valueAt(coin, seenAt)
        const state = states.get(key)
        if (state?.fires === true) {
          if (value === null) continue
          if (value > rule.clear) state.quiet = undefined
          else if (at - (state.quiet ??= at) >= 1000 * rule.keepFiringSeconds) {
            states.delete(key)
            expected.push(line(at, "cleared", rule.name, coin))
          }
        } else if (value === null || value <= rule.above) states.delete(key)
        else {
          const since = state?.since ?? at
          const fires = at - since >= 1000 * rule.forSeconds
          if (fires) expected.push(line(at, "fired", rule.name, coin))
          states.set(key, { rule, since, fires, quiet: undefined })
        }
      }
  }
  const missing = expected.filter((each) => !found.includes(each))
  const beyond = found.filter((each) => !expected.includes(each))
  return missing.length + beyond.length === 0
    ? []
    : [`rules should have said\n  ${missing.join("\n  ")}\nand said\n  ${beyond.join("\n  ")}`]
}
